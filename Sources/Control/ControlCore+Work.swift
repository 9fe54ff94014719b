import Base
import JSON
import Objects

extension ControlCore {
    /// Marks what a change concerns.
    mutating func markDirty(_ change: ObjectChange) {
        if change.key.resource == .pods, !state.isWaiting(change.key) {
            reports.leave(WorkItem(.scheduler, change.key))
        }
        for controller in ControllerName.allCases {
            for key in controller.implementation.keys(affectedBy: change, in: state) {
                enqueue(WorkItem(controller, key))
            }
        }
    }

    /// Reconciles dirty keys until none is left or a bound is reached.
    mutating func work(_ now: Instant, _ out: inout Outbox<ControlEffect>) {
        var budget = configuration.reconcilesPerStepMax
        isOverBudget = false
        while flights.count < configuration.writesInFlightMax {
            guard budget > 0 else {
                isOverBudget = !queue.isEmpty
                if isOverBudget { out.append(.mark("control.step-bound-reached")) }
                return
            }
            guard let item = queue.pop(in: state) else { return }
            // A key may stand twice in the queue; its own writes may be under way by now.
            guard flightCounts[item] == nil else {
                blocked.insert(item)
                continue
            }
            // A refused key waits for the end of its pause whatever else changes.
            if let pause = deadlines[item], pause > now, refusals[item] != nil {
                continue
            }
            budget -= 1
            reconcile(item, now, &out)
        }
        out.append(.mark("control.writes-bound-reached"))
    }

    private mutating func reconcile(
        _ item: WorkItem, _ now: Instant, _ out: inout Outbox<ControlEffect>
    ) {
        let refusals = refusals[item] ?? Refusals()
        let context = ControlContext(
            configuration: configuration, wall: wall, refusals: refusals.count,
            refusal: refusals.message)
        let result = item.controller.implementation.reconcile(item.key, in: state, context)
        if let span = result.requeueAfter {
            deadlines.schedule(item, at: now + max(span, .milliseconds(1)))
        } else {
            deadlines.cancel(item)
        }
        guard !result.isReport || mayReport(result, of: item, now) else {
            out.append(.mark("control.report-waits"))
            return
        }
        for draft in result.events { record(draft, now, &out) }
        for proposal in result.proposals { issue(proposal, of: item, now, &out) }
    }

    /// Whether a report is written now. One that says what was said already needs no turn.
    private mutating func mayReport(
        _ result: Reconciliation, of item: WorkItem, _ now: Instant
    ) -> Bool {
        guard !result.proposals.isEmpty || result.events.contains(where: { isNews($0, now) })
        else {
            reports.leave(item)
            return true
        }
        return reports.admits(item, at: now)
    }

    private mutating func issue(
        _ proposal: Proposal, of item: WorkItem, _ now: Instant, _ out: inout Outbox<ControlEffect>
    ) {
        let ticket = tickets.next()
        var flight = Flight(
            item: item, write: proposal.write, uid: "", event: proposal.event,
            failureEvent: proposal.failureEvent, deadline: now + configuration.writeTimeout)
        var change: ObjectChange?
        switch proposal.write {
        case .delete(let key, _, _, _):
            flight.uid = state.record(key)?.uid ?? ""
            change = state.beginDeletion(of: key)
        case .bind(let key, let uid, let node):
            flight.uid = uid
            state.assume(key, on: node)
        case .create, .update, .patch:
            break
        }
        flights[ticket] = flight
        flightOrder.append(ticket)
        flightCounts[item, default: 0] += 1
        out.append(.write(ticket, proposal.write))
        if let change { markDirty(change) }
    }
}

extension ControllerName {
    var implementation: any Controller.Type {
        switch self {
        case .bootstrap: BootstrapController.self
        case .nodeAddresses: NodeAddressController.self
        case .nodeLifecycle: NodeLifecycleController.self
        case .nodeLeases: NodeLeaseController.self
        case .podGarbage: PodGarbageController.self
        case .deployment: DeploymentController.self
        case .replicaSet: ReplicaSetController.self
        case .replication: ReplicationManager.self
        case .statefulSet: StatefulSetController.self
        case .daemonSet: DaemonSetController.self
        case .job: JobController.self
        case .cronJob: CronJobController.self
        case .ephemeralClaims: EphemeralClaimController.self
        case .claims: ClaimController.self
        case .volumes: VolumeController.self
        case .storageProtection: StorageProtectionController.self
        case .scheduler: Scheduler.self
        case .endpoints: EndpointsController.self
        case .endpointMirrors: EndpointMirrorController.self
        case .disruption: DisruptionController.self
        case .serviceAccount: ServiceAccountController.self
        case .serviceAddresses: ServiceAddressController.self
        case .roleAggregation: RoleAggregationController.self
        case .quota: QuotaController.self
        case .namespace: NamespaceController.self
        case .garbage: GarbageController.self
        }
    }
}
