import Objects

/// Keys to reconcile: without duplicates, by controller, each controller's in sorted order.
struct WorkQueue: Sendable {
    private var dirty: [Set<ObjectKey>] = Array(
        repeating: [], count: ControllerName.allCases.count)
    /// The batch being worked off, in reverse.
    private var batch: [ObjectKey] = []
    private var batchController = ControllerName.bootstrap

    var isEmpty: Bool { batch.isEmpty && dirty.allSatisfy(\.isEmpty) }

    mutating func insert(_ item: WorkItem) { dirty[item.controller.rawValue].insert(item.key) }

    /// The next item. The scheduler's batch is put into the order in which Pods are placed.
    mutating func pop(in state: ClusterState) -> WorkItem? {
        if batch.isEmpty {
            guard let controller = ControllerName.allCases.first(where: {
                !dirty[$0.rawValue].isEmpty
            }) else { return nil }
            batchController = controller
            var keys = dirty[controller.rawValue].sorted()
            if controller == .scheduler { keys = Scheduler.arrange(keys, in: state) }
            batch = keys.reversed()
            dirty[controller.rawValue] = []
        }
        return batch.popLast().map { WorkItem(batchController, $0) }
    }
}
