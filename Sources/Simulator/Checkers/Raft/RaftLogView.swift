package import Base
package import Raft

/// What the checkers look at of one machine's Raft.
package protocol RaftLogView {
    var name: MachineName { get }
    var term: UInt64 { get }
    var role: RaftRole { get }
    /// The first and the last entry that it holds; `firstIndex` is one more when it holds none.
    var firstIndex: UInt64 { get }
    var lastIndex: UInt64 { get }
    var lastTerm: UInt64 { get }
    var commitIndex: UInt64 { get }
    func entry(at index: UInt64) -> RaftEntry?
}

extension RaftCore: RaftLogView {}
