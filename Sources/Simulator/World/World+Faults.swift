import Base
import Daemon
import Kubelet
import Raft

extension World {
    /// The machine that leads in the newest term, as far as one does.
    package var leader: Int? {
        machines.filter { $0.isRunning && $0.core?.raft.role == .leader }
            .max { ($0.core?.raft.term ?? 0) < ($1.core?.raft.term ?? 0) }?.number
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
        case .crash(let selector, let span):
            guard let number = target(selector, "crash") else { return }
            crash(number)
            schedule(.boot(number), after: span)
        case .endDaemon(let selector, let span):
            guard let number = target(selector, "daemon killed") else { return }
            endDaemon(number)
            schedule(.startDaemon(number, life: machines[number].life), after: span)
        case .powerCutOfAll(let span):
            faultsHit.append("power cut of all")
            for machine in machines {
                crash(machine.number)
                schedule(
                    .boot(machine.number),
                    after: span + random.span(from: .zero, to: .milliseconds(500)))
            }
        case .pause(let selector, let span):
            guard let number = target(selector, "pause") else { return }
            pause(number)
            schedule(.resume(number), after: span)
        case .isolate(let selector, let span):
            guard let number = target(selector, "isolated") else { return }
            isolate(number)
            schedule(.heal(number), after: span)
        case .deafen(let selector, let span):
            guard let number = target(selector, "deafened") else { return }
            isolate(number, isDeafOnly: true)
            schedule(.heal(number), after: span)
        case .endContainer(let exitCode): endSomeContainer(exitCode)
        case .boot(let number): boot(number)
        case .startDaemon(let number, let life):
            if machines[number].life == life { startDaemon(machines[number]) }
        case .resume(let number): resume(number)
        case .heal(let number): heal(number)
        case .calm: calm()
        }
    }

    private func target(_ selector: MachineSelector, _ fault: String) -> Int? {
        guard let number = resolve(selector), machines[number].isPowered else { return nil }
        let role = number == leader ? " (leader)" : ""
        let at = TraceText.time(now).drop { $0 == " " }
        faultsHit.append("\(at) \(fault) \(machines[number].name)\(role)")
        return number
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
        faultsHit.append("container ended")
        endContainer(chosen.id, exitCode, on: machines[chosen.machine])
    }

    /// The end of all trouble: everything runs, and everything reaches everything.
    package func calm() {
        trace.note("calm", at: now)
        let kind = FaultPlan()
        plan.runtime.failure = 0
        plan.disk = kind.disk
        network.knobs = kind.network
        for machine in machines {
            resume(machine.number)
            heal(machine.number)
            boot(machine.number)
            startDaemon(machine)
        }
    }
}
