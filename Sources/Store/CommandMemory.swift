import Base

/// The results of recent transactions, so that a retry gets the first result again and changes
/// nothing (Raft thesis §6.3). It is part of the replicated state: all voters remember the same.
struct CommandMemory: Sendable, Equatable {
    struct Remembered: Sendable, Equatable {
        var sequence: UInt64
        var result: TransactionResult
    }

    /// One start of one daemon.
    struct Session: Sendable, Equatable {
        var origin: MachineName
        var epoch: UInt64
        /// The log index of its last transaction; unique, because an entry has one origin.
        var lastIndex: UInt64
        /// Results of this sequence number and all below are forgotten.
        var forgottenThrough: UInt64?
        /// Ordered by sequence.
        var results: [Remembered] = []

        func position(of sequence: UInt64) -> Int {
            var low = 0
            var high = results.count
            while low < high {
                let middle = (low + high) / 2
                if results[middle].sequence < sequence { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// Ordered by origin and epoch.
    private(set) var sessions: [Session] = []
    /// Results in all sessions.
    private(set) var resultCount = 0

    /// The result of a transaction that was applied before, or is too old to tell; nil for one
    /// that is to be applied now.
    func recall(_ id: CommandID) -> TransactionResult? {
        let index = position(of: id)
        guard isSession(index, of: id) else { return nil }
        let session = sessions[index]
        if let floor = session.forgottenThrough, id.sequence <= floor {
            return .duplicate(through: floor)
        }
        let position = session.position(of: id.sequence)
        guard position < session.results.count,
            session.results[position].sequence == id.sequence
        else { return nil }
        return session.results[position].result
    }

    /// Remembers a result that ``recall(_:)`` did not know, and forgets the oldest over the limits.
    mutating func remember(
        _ id: CommandID, _ result: TransactionResult, index logIndex: UInt64, limits: StoreLimits
    ) {
        let index = position(of: id)
        if !isSession(index, of: id) {
            sessions.insert(
                Session(origin: id.origin, epoch: id.epoch, lastIndex: logIndex), at: index)
        }
        sessions[index].lastIndex = logIndex
        let position = sessions[index].position(of: id.sequence)
        sessions[index].results.insert(
            Remembered(sequence: id.sequence, result: result), at: position)
        resultCount += 1
        if sessions[index].results.count > limits.resultsHeldPerSessionMax {
            let excess = sessions[index].results.count - limits.resultsPerSessionMax
            sessions[index].forgottenThrough = sessions[index].results[excess - 1].sequence
            sessions[index].results.removeFirst(excess)
            resultCount -= excess
        }
        forgetSilentSessions(limits)
    }

    /// Takes in a session from a snapshot; false when it does not stand behind the last one.
    mutating func append(_ session: Session) -> Bool {
        if let last = sessions.last, !Self.isBefore(last, session.origin, session.epoch) {
            return false
        }
        sessions.append(session)
        resultCount += session.results.count
        return true
    }

    private mutating func forgetSilentSessions(_ limits: StoreLimits) {
        while sessions.count > 1,
            sessions.count > limits.sessionsMax || resultCount > limits.resultsMax
        {
            var silent = 0
            for index in sessions.indices
            where sessions[index].lastIndex < sessions[silent].lastIndex { silent = index }
            resultCount -= sessions.remove(at: silent).results.count
        }
    }

    private func position(of id: CommandID) -> Int {
        var low = 0
        var high = sessions.count
        while low < high {
            let middle = (low + high) / 2
            if Self.isBefore(sessions[middle], id.origin, id.epoch) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private func isSession(_ index: Int, of id: CommandID) -> Bool {
        index < sessions.count && sessions[index].origin == id.origin
            && sessions[index].epoch == id.epoch
    }

    private static func isBefore(
        _ session: Session, _ origin: MachineName, _ epoch: UInt64
    ) -> Bool {
        session.origin == origin ? session.epoch < epoch : session.origin < origin
    }
}
