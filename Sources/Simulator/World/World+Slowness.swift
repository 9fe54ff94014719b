import Base

/// Machines that are stopped by a signal, or slow.
extension World {
    package func pause(_ number: Int) {
        guard machines[number].isRunning else { return }
        trace.note("is paused", machines[number].name.text, at: now)
        machines[number].isPaused = true
    }

    /// A resumed daemon finds what waits in its sockets before its timers.
    package func resume(_ number: Int) {
        let machine = machines[number]
        guard machine.isPaused else { return }
        trace.note("goes on", machine.name.text, at: now)
        machine.isPaused = false
        let backlog = machine.backlog
        machine.backlog = []
        for delivery in backlog { queue.add(delivery, at: now) }
    }

    /// From now on each input takes the machine so long, and others wait meanwhile.
    func slow(_ number: Int, perInput span: Span) {
        let machine = machines[number]
        trace.note("takes \(span.nanoseconds / 1_000) us an input", machine.name.text, at: now)
        machine.timePerInput = span
        machine.busyUntil = now
    }

    /// Whether the machine cannot take what is due now; then it is kept for later.
    func isPutOff(_ delivery: Delivery, _ machine: VirtualMachine) -> Bool {
        if !machine.isPaused, machine.backlog.isEmpty, machine.busyUntil <= now {
            machine.busyUntil = now + machine.timePerInput
            return false
        }
        if machine.backlog.count < VirtualMachine.backlogMax { machine.backlog.append(delivery) }
        if !machine.isPaused, machine.backlog.count == 1 { awaitWork(machine) }
        return true
    }

    /// A slow machine takes what has waited longest.
    func workOff(_ machine: VirtualMachine) {
        guard !machine.isPaused, !machine.backlog.isEmpty else { return }
        coverage.note(.slowMachine)
        let count = min(machine.backlog.count, 1 + machine.random.below(Self.gatheredMax))
        let deliveries = machine.backlog.prefix(count)
        machine.backlog.removeFirst(count)
        machine.busyUntil = now + machine.timePerInput * Int64(count)
        actTogether(on: deliveries, machine)
        if !machine.backlog.isEmpty { awaitWork(machine) }
    }

    /// What waited together becomes one step, as the shell does it.
    private func actTogether(on deliveries: some Sequence<Delivery>, _ machine: VirtualMachine) {
        machine.gathered = []
        for delivery in deliveries { act(on: delivery) }
        let inputs = machine.gathered ?? []
        machine.gathered = nil
        if inputs.count > 1 { coverage.note(.gatheredInputs) }
        give(inputs, to: machine)
    }

    /// What a slow machine takes at once, at most.
    private static let gatheredMax = 12

    private func awaitWork(_ machine: VirtualMachine) {
        queue.add(
            .unbusy(machine: machine.number, life: machine.life),
            at: max(now, machine.busyUntil))
    }
}
