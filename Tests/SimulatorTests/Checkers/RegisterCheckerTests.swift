import Base
import Simulator
import Testing

/// A checker that finds nothing wrong must be one that could.
@Suite struct RegisterCheckerTests {
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
}
