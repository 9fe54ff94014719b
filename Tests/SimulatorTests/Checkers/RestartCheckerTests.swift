import Simulator
import Testing

@Suite struct RestartCheckerTests {
    @Test func `a container of a Pod that restarts nothing runs once`() {
        var checker = RestartChecker()
        #expect(checker.noteStart(pod: "never-i0-0-1", uid: "a", container: "main-0") == nil)
        #expect(checker.noteStart(pod: "never-i0-0-1", uid: "a", container: "main-1") == nil)
        #expect(checker.noteStart(pod: "never-i0-0-1", uid: "b", container: "main-0") == nil)
        checker.noteEnd(uid: "a", container: "main-0", exitCode: 1)
        #expect(checker.noteStart(pod: "never-i0-0-1", uid: "a", container: "main-0") != nil)
    }

    @Test func `what ended well does not run again when only failures do`() {
        var checker = RestartChecker()
        for exitCode: Int32 in [1, 255, 0] {
            #expect(
                checker.noteStart(pod: "onfailure-i0-0-1", uid: "a", container: "main-0") == nil)
            checker.noteEnd(uid: "a", container: "main-0", exitCode: exitCode)
        }
        #expect(checker.noteStart(pod: "onfailure-i0-0-1", uid: "a", container: "main-0") != nil)
        for _ in 0..<3 {
            #expect(
                checker.noteStart(pod: "always-i0-0-1", uid: "b", container: "main-0") == nil)
            checker.noteEnd(uid: "b", container: "main-0", exitCode: 0)
        }
    }

    @Test func `a rule restarts after its exit code alone`() {
        var checker = RestartChecker()
        for exitCode: Int32 in [42, 42, 0] {
            #expect(checker.noteStart(pod: "never-i0-0-1", uid: "a", container: "ruled-0") == nil)
            checker.noteEnd(uid: "a", container: "ruled-0", exitCode: exitCode)
        }
        #expect(checker.noteStart(pod: "never-i0-0-1", uid: "a", container: "ruled-0") != nil)
    }

    @Test func `the application waits for the init containers, the sidecar does not`() {
        var checker = RestartChecker()
        let pod = "always-i2-0-1"
        #expect(checker.noteStart(pod: pod, uid: "a", container: "sidecar") == nil)
        for name in ["init-0", "init-1"] {
            #expect(checker.noteStart(pod: pod, uid: "a", container: "main-0") != nil)
            #expect(checker.noteStart(pod: pod, uid: "a", container: name) == nil)
            checker.noteEnd(uid: "a", container: name, exitCode: 1)
            #expect(checker.noteStart(pod: pod, uid: "a", container: "main-0") != nil)
            checker.noteEnd(uid: "a", container: name, exitCode: 0)
        }
        #expect(checker.noteStart(pod: pod, uid: "a", container: "main-0") == nil)
        #expect(checker.noteStart(pod: "web-5d-x", uid: "w", container: "main-0") == nil)
    }
}
