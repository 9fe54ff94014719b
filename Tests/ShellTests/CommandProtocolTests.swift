import Shell
import Testing

@Suite struct CommandProtocolTests {
    private func form(_ name: String) -> CommandProtocol { CommandProtocol.named(name) }

    @Test func `a first byte names the channel`() {
        let four = form("v4.channel.k8s.io")
        #expect(four.decode([0, 1, 2]) == .bytes(.stdin, [1, 2]))
        #expect(four.decode([4] + Array(#"{"Width":80}"#.utf8))
            == .bytes(.resize, Array(#"{"Width":80}"#.utf8)))
        #expect(four.decode([]) == nil)
        #expect(four.decode([9, 1]) == nil)
        #expect(four.decode([255, 0]) == nil, "only version 5 ends a channel")
        #expect(four.encode(.stdout, [7]) == [1, 7])
        #expect(four.encode(.stdout, []) == [1])
    }

    @Test func `version 5 ends a channel`() {
        let five = form("v5.channel.k8s.io")
        #expect(five.decode([255, 0]) == .end(.stdin))
        #expect(five.decode([255]) == nil)
        #expect(five.decode([255, 77]) == nil)
        #expect(five.decode([0]) == .bytes(.stdin, []))
    }

    @Test(arguments: ["base64.channel.k8s.io", "v4.base64.channel.k8s.io"])
    func `text has a first digit and Base64`(name: String) {
        let text = form(name)
        #expect(text.isBase64)
        #expect(text.decode(Array("0aGVsbG8=".utf8)) == .bytes(.stdin, Array("hello".utf8)))
        #expect(text.decode(Array("0".utf8)) == .bytes(.stdin, []))
        #expect(text.decode(Array("0*".utf8)) == nil)
        #expect(text.decode(Array("xaGVsbG8=".utf8)) == nil)
        #expect(text.decode([0, 1]) == nil)
        #expect(text.encode(.stderr, Array("hello".utf8)) == Array("2aGVsbG8=".utf8))
    }

    @Test func `before version 4 an error is a text, and success is nothing`() {
        let success = Array(#"{"metadata":{},"status":"Success"}"#.utf8)
        let failure = Array(
            #"{"status":"Failure","message":"command terminated with exit code 3"}"#.utf8)
        let old = form("channel.k8s.io")
        #expect(old.encode(.error, success) == nil)
        #expect(old.encode(.error, failure)
            == [3] + Array("command terminated with exit code 3".utf8))
        #expect(old.encode(.error, []) == nil)
        let four = form("v4.channel.k8s.io")
        #expect(four.encode(.error, success) == [3] + success)
        let text = form("v4.base64.channel.k8s.io")
        #expect(text.encode(.error, success)?.first == UInt8(ascii: "3"))
    }

    @Test func `the newest is preferred, and who names none gets the oldest`() {
        #expect(CommandProtocol.all.first?.name == "v5.channel.k8s.io")
        #expect(form("").name == "channel.k8s.io")
    }
}
