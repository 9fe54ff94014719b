import Base
import Daemon
import Kubelet
import Raft

extension World {
    /// The machine that leads in the newest term, as far as one does.
    package var leader: Int? {
        var newest: (number: Int, term: UInt64)?
        for machine in machines where machine.isRunning {
            guard let raft = machine.core?.glance().raft, raft.role == .leader else { continue }
            if raft.term >= newest?.term ?? 0 { newest = (machine.number, raft.term) }
        }
        return newest?.number
    }

    package var running: [Int] { machines.filter(\.isRunning).map(\.number) }

    package var machineCount: Int { machines.count }

    /// How many containers run on a machine.
    package func liveContainers(on number: Int) -> Int {
        machines[number].runtime.containers.values.count { $0.isLive }
    }

    package var liveContainers: [Int] { machines.indices.map { liveContainers(on: $0) } }

    /// All that runs, by the runtimes' names, sorted.
    package var liveContainerNames: [String] {
        machines.flatMap { $0.runtime.containersInOrder }.filter(\.isLive).map(\.state.id).sorted()
    }

    package func restartDaemon(_ number: Int) { startDaemon(machines[number]) }

    /// Which machine is meant now; nil when there is none such.
    package func resolve(_ selector: MachineSelector) -> Int? {
        let candidates: [Int]
        switch selector {
        case .leader: return leader
        case .machine(let number): return number
        case .member:
            let leader = leader
            candidates = running.filter { $0 != leader }
        case .any: candidates = running
        }
        return candidates.isEmpty ? nil : candidates[random.below(candidates.count)]
    }

    func schedule(_ fault: Fault, after span: Span) { queue.add(.fault(fault), at: now + span) }

    /// Makes a fault happen now, and schedules its end.
    func hit(_ fault: Fault) {
        switch fault {
        case .crash, .crashAfterEffects, .endDaemon, .powerCutOfAll, .pause, .slow, .jumpClock,
            .endContainer:
            hitMachine(fault)
        case .isolate, .deafen, .cutPath, .flap, .delay: hitNetwork(fault)
        case .stallDisk, .fillDisk, .flipBit, .loseDisk, .loseSynced, .join, .leave, .remove,
            .rotate:
            hitDiskOrMembers(fault)
        default: end(fault)
        }
    }

    private func hitMachine(_ fault: Fault) {
        switch fault {
        case .crash(let selector, let span):
            guard let number = target(selector, .crash) else { return }
            crash(number)
            schedule(.boot(number), after: span)
        case .crashAfterEffects(let selector, let count, let span):
            guard let number = target(selector, nil, "crash after \(count) effects") else {
                return
            }
            machines[number].crash = (count, span)
        case .endDaemon(let selector, let span):
            guard let number = target(selector, .daemonKill) else { return }
            endDaemon(number)
            schedule(.startDaemon(number, life: machines[number].life), after: span)
        case .powerCutOfAll(let span):
            noteFault(.powerCutOfAll, "power cut of all")
            for machine in machines {
                crash(machine.number)
                schedule(
                    .boot(machine.number),
                    after: span + random.span(from: .zero, to: .milliseconds(500)))
            }
        case .pause(let selector, let span):
            guard let number = target(selector, .stall) else { return }
            pause(number)
            schedule(.resume(number), after: span)
        case .slow(let selector, let perInput, let span):
            guard let number = target(selector, nil, "slow") else { return }
            slow(number, perInput: perInput)
            schedule(.hasten(number), after: span)
        case .jumpClock(let selector, let span):
            guard let number = target(selector, .clockJump) else { return }
            machines[number].clock.jump(by: span)
            machines[number].wallToldAt = nil
        case .endContainer(let exitCode): endSomeContainer(exitCode)
        default: return
        }
    }

    private func hitNetwork(_ fault: Fault) {
        switch fault {
        case .isolate(let selector, let span):
            guard let number = target(selector, .isolation) else { return }
            isolate(number)
            schedule(.heal(number), after: span)
        case .deafen(let selector, let span):
            guard let number = target(selector, .deafness) else { return }
            isolate(number, isDeafOnly: true)
            schedule(.heal(number), after: span)
        case .cutPath(let from, let to, let span):
            guard let receiver = resolve(to), let sender = target(from, nil, "cannot reach"),
                sender != receiver
            else { return }
            coverage.note(.oneWayCut)
            trace.note(
                "no longer reaches \(machines[receiver].name)", machines[sender].name.text, at: now)
            network.cut(sender, receiver)
            schedule(.healPath(sender, receiver), after: span)
        case .flap(let selector, let times, let period):
            guard let number = target(selector, .flapping) else { return }
            end(.flapAgain(number, times: times, period: period, isCut: false))
        case .delay(let selector, let by, let span):
            guard let number = target(selector, nil, "delayed") else { return }
            network.delay(number, by: by)
            schedule(.undelay(number), after: span)
        default: return
        }
    }

    private func hitDiskOrMembers(_ fault: Fault) {
        switch fault {
        case .stallDisk(let selector, let span):
            guard let number = target(selector, nil, "disk stall") else { return }
            machines[number].disk.stalledUntil = now + span
        case .fillDisk(let selector, let span):
            guard let number = target(selector, nil, "disk full") else { return }
            machines[number].disk.isFull = true
            schedule(.freeDisk(number), after: span)
        case .flipBit(let selector, let span):
            guard let number = resolve(selector), mayLose(number) else { return }
            noteFault(nil, "a bit turns on \(machines[number].name)")
            crash(number)
            let machine = machines[number]
            machine.isDamaged = machine.disk.flipBit(&machine.random)
            machine.isLost = machine.isDamaged
            schedule(.boot(number), after: span)
        case .loseDisk(let selector, let span):
            guard let number = resolve(selector), mayLose(number) else { return }
            noteFault(nil, "the disk of \(machines[number].name) is lost")
            crash(number)
            machines[number].isLost = true
            schedule(.replace(number), after: span)
        case .loseSynced(let selector, let span):
            guard let number = resolve(selector) else { return }
            loseSynced(number, downFor: span, triesLeft: Self.triesMax)
        case .join:
            if let number = join() { noteFault(.join, "join of \(machines[number].name)") }
        case .leave(let selector, let span):
            guard let number = resolve(selector), mayLose(number) else { return }
            noteFault(nil, "orderly stop of \(machines[number].name)")
            leave(number, downFor: span)
        case .remove(let selector):
            guard let number = resolve(selector), mayLose(number) else { return }
            noteFault(nil, "removal of \(machines[number].name)")
            askForRemoval(of: number)
        case .rotate:
            noteFault(nil, "change of authorities")
            askForRotation()
        default: return
        }
    }

    /// The end of a fault.
    private func end(_ fault: Fault) {
        switch fault {
        case .boot(let number): boot(number)
        case .startDaemon(let number, let life):
            if machines[number].life == life { startDaemon(machines[number]) }
        case .resume(let number): resume(number)
        case .hasten(let number): machines[number].timePerInput = .zero
        case .heal(let number): heal(number)
        case .healPath(let from, let to): network.heal(from, to, at: now, into: &queue)
        case .flapAgain(let number, let times, let period, let isCut):
            if isCut { heal(number) } else { isolate(number) }
            guard times > 0 || !isCut else { return }
            schedule(
                .flapAgain(number, times: times - 1, period: period, isCut: !isCut),
                after: period)
        case .undelay(let number): network.delay(number, by: .zero)
        case .freeDisk(let number): freeDisk(machines[number])
        case .replace(let number): replace(number)
        case .loseSyncedOf(let number, let span, let left):
            loseSynced(number, downFor: span, triesLeft: left)
        case .endGoodbye(let number, let life):
            if machines[number].life == life { finishGoodbye(machines[number]) }
        case .operate(let task): ask(for: task)
        case .calm: calm()
        default: return
        }
    }

    /// There is room again; a daemon whose log failed is started anew, as the manual says.
    private func freeDisk(_ machine: VirtualMachine) {
        guard machine.disk.isFull else { return }
        machine.disk.isFull = false
        guard machine.disk.hasFailed else { return }
        endDaemon(machine.number)
        startDaemon(machine)
    }

    /// Which running machine a fault hits; nil when there is none.
    private func target(
        _ selector: MachineSelector, _ kind: FaultKind?, _ words: String? = nil
    ) -> Int? {
        guard let number = resolve(selector), machines[number].isRunning else { return nil }
        let role = number == leader ? " (leader)" : ""
        let what = words ?? kind?.rawValue ?? "fault"
        noteFault(kind, "\(what) \(machines[number].name)\(role)")
        return number
    }

    func noteFault(_ kind: FaultKind?, _ words: String) {
        if let kind { coverage.note(kind) }
        guard faultsHit.count < Self.faultsToldMax else { return }
        let at = TraceText.time(now).drop { $0 == " " }
        faultsHit.append("\(at) \(words)")
    }

    private func endSomeContainer(_ exitCode: Int32) {
        var candidates: [(machine: Int, id: String)] = []
        for machine in machines where machine.isPowered {
            for container in machine.runtime.containersInOrder where container.isLive {
                candidates.append((machine.number, container.state.id))
            }
        }
        guard !candidates.isEmpty else { return }
        let chosen = candidates[random.below(candidates.count)]
        noteFault(.containerEnd, "container ended")
        endContainer(chosen.id, exitCode, on: machines[chosen.machine])
    }

    /// The end of all trouble: everything runs, and everything reaches everything.
    package func calm() {
        trace.note("calm", at: now)
        let kind = FaultPlan()
        plan.runtime.failure = 0
        plan.runtime.lostAnswer = 0
        plan.runtime.probeFailure = 0
        plan.disk = kind.disk
        plan.clientPause = kind.clientPause
        network.knobs = kind.network
        if hasRotated || rotationsWanted > 0 { schedule(.operate(.hurry), after: .seconds(10)) }
        for machine in machines {
            machine.timePerInput = .zero
            machine.crash = nil
            machine.disk.stalledUntil = now
            network.delay(machine.number, by: .zero)
            resume(machine.number)
            heal(machine.number)
            freeDisk(machine)
            if machine.isLost { continue }
            boot(machine.number)
            startDaemon(machine)
        }
    }

    /// All trouble that was hit.
    package var coverageOfAll: FaultCoverage {
        machines.reduce(into: coverage.adding(network.coverage)) {
            $0.add($1.disk.coverage)
            $0.add($1.runtime.coverage)
        }
    }

    /// How often a fault looks whether its moment has come.
    private static let triesMax = 40
    /// How many faults a report names.
    private static let faultsToldMax = 200
}
