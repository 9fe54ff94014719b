import Base
import Kubelet
import NIOHTTP1
import Shell
import Testing

@Suite struct WireMessageTests {
    @Test func fieldsAreReadAsTheyWereWritten() {
        var entry = WireMessage()
        entry.append(1, "key")
        entry.append(2, "value")
        var message = WireMessage()
        message.append(1, "text")
        message.append(2, 300)
        message.append(3, entry.bytes)
        message.append(15, UInt64.max)
        #expect(message.bytes.starts(with: [0x0A, 4] + Array("text".utf8) + [0x10, 0xAC, 0x02]))
        #expect(message.text(1) == "text")
        #expect(message.number(2) == 300)
        #expect(message.map(3) == ["key": "value"])
        #expect(message.number(15) == .max)
        #expect(message.number(4) == 0)
        #expect(message.text(4) == "")
    }

    @Test(arguments: [
        [0x0A, 200], [0x08], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x0F],
        Array(repeating: 0xFF, count: 20), [0x09, 1, 2],
    ] as [[UInt8]])
    func brokenBytesAreReadAsFarAsTheyGo(bytes: [UInt8]) {
        let message = WireMessage(bytes)
        #expect(message.text(1) == "")
        #expect(message.number(1) == 0)
    }

    @Test(arguments: [
        ("SIGTERM", 15), ("SIGUSR1", 10), ("SIGKILL", 9), ("SIGRTMIN", 34), ("SIGRTMIN+3", 37),
        ("SIGRTMAX-1", 63), ("SIGSYS", 31),
    ])
    func signalsHaveLinuxNumbers(name: String, number: UInt64) {
        #expect(RuntimeClient.number(ofSignal: name) == number)
    }

    @Test(arguments: ["", "TERM", "SIGRTMIN-1", "SIGRTMIN+99", "SIGRTMAX+1", "SIGNOPE"])
    func otherNamesAreNoSignals(name: String) {
        #expect(RuntimeClient.number(ofSignal: name) == nil)
    }
}

@Suite struct HTTPProbeHeaderTests {
    private func headers(_ own: [HTTPHeader]) -> HTTPHeaders {
        HTTPProbe.headers(
            of: HTTPAction(
                scheme: "http", host: "10.0.0.1", port: 80, path: "/", headers: own,
                timeout: .seconds(1)))
    }

    @Test func everyProbeSaysWhoItIs() {
        let headers = headers([])
        #expect(headers["Host"] == ["10.0.0.1:80"])
        #expect(headers["User-Agent"] == ["kube-probe/1.36"])
        #expect(headers["Accept"] == ["*/*"])
    }

    @Test func thePodsOwnHeadersGoBeforeAndMayBeRepeated() {
        let headers = headers([
            HTTPHeader(name: "Host", value: "example.com"),
            HTTPHeader(name: "Accept", value: ""), HTTPHeader(name: "X-A", value: "1"),
            HTTPHeader(name: "X-A", value: "2"),
        ])
        #expect(headers["Host"] == ["example.com"])
        #expect(headers["Accept"].isEmpty)
        #expect(headers["X-A"] == ["1", "2"])
    }
}

@Suite struct StaticPodURLTests {
    @Test func aURLIsARequest() {
        let action = StaticPodWatch.action("https://example.com:8443/pods?zone=a")
        #expect(action?.scheme == "https")
        #expect(action?.host == "example.com")
        #expect(action?.port == 8_443)
        #expect(action?.path == "/pods?zone=a")
        #expect(StaticPodWatch.action("http://example.com")?.port == 80)
        #expect(StaticPodWatch.action("http://example.com")?.path == "/")
    }

    @Test(arguments: ["", "example.com/pods", "ftp://example.com/", "http://"])
    func otherTextIsNone(url: String) {
        #expect(StaticPodWatch.action(url) == nil)
    }
}
