import Base
import Simulator
import Testing

/// A checker that finds nothing wrong must be one that could.
@Suite struct CheckerTests {
    @Test func `a read of less than was acknowledged is found`() {
        var checker = RegisterChecker()
        checker.attempt("r", 4)
        checker.acknowledge("r", 4)
        let floor = checker.floor("r")
        #expect(checker.finishRead("r", 4, floor: floor) == nil)
        #expect(checker.finishRead("r", 3, floor: floor) != nil)
        #expect(checker.finishRead("r", nil, floor: floor) != nil)
    }

    @Test func `a read of what another read has left behind is found`() {
        var checker = RegisterChecker()
        checker.attempt("r", 1)
        checker.attempt("r", 2)
        #expect(checker.finishRead("r", 2, floor: checker.floor("r")) == nil)
        #expect(checker.finishRead("r", 1, floor: checker.floor("r")) != nil)
    }

    @Test func `a read under way during a write may give either value`() {
        var checker = RegisterChecker()
        checker.attempt("r", 1)
        let floor = checker.floor("r")
        checker.acknowledge("r", 1)
        #expect(checker.finishRead("r", nil, floor: floor) == nil)
        #expect(checker.finishRead("r", 1, floor: floor) == nil)
    }

    @Test func `a read of what nobody wrote is found`() {
        var checker = RegisterChecker()
        checker.attempt("r", 1)
        #expect(checker.finishRead("r", 2, floor: checker.floor("r")) != nil)
    }

    @Test func `a gap and a repetition in a watch are found, over a break too`() {
        var checker = WatchChecker(listed: ["r": 7], revision: 100)
        #expect(checker.take(event("r", 8, revision: 101)) == nil)
        #expect(checker.take(Array(event("r", 9, revision: 102).prefix(20))) == nil)
        checker.noteBreak()
        #expect(checker.take(event("r", 9, revision: 102)) == nil)
        var repeated = checker
        #expect(repeated.take(event("r", 9, revision: 102)) != nil)
        #expect(checker.take(event("r", 11, revision: 104)) != nil)
    }

    private func event(_ name: String, _ value: Int, revision: Int) -> [UInt8] {
        let metadata = #"{"name":"\#(name)","resourceVersion":"\#(revision)"}"#
        let object = #"{"kind":"ConfigMap","metadata":\#(metadata),"data":{"value":"\#(value)"}}"#
        return Array((#"{"type":"MODIFIED","object":"# + object + "}\n").utf8)
    }
}
