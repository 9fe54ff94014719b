import Shell
import Testing

@Suite struct PortForwardChannelsTests {
    @Test func `each port has two channels that begin with its number`() {
        let channels = PortForwardChannels(ports: [80, 8_443])
        #expect(
            channels.greetings == [[0, 80, 0], [1, 80, 0], [2, 0xFB, 0x20], [3, 0xFB, 0x20]])
    }

    @Test func `messages become data of their port's stream`() {
        var channels = PortForwardChannels(ports: [80, 81])
        #expect(channels.toRuntime([2, 7, 8]) == [0, 0, 0, 7, 0, 0, 0, 2, 7, 8])
        // Errors are for reading, a third port was not asked for, and nothing is nothing.
        for message in [[1, 7], [4, 7], [0], []] as [[UInt8]] {
            #expect(channels.toRuntime(message).isEmpty)
        }
    }

    @Test func `a connection that ends by itself ends the session`() throws {
        var channels = PortForwardChannels(ports: [80, 81])
        var encoder = SPDYEncoder()
        let answer = encoder.encode(.data(stream: 3, bytes: [9], isLast: false))
        #expect(try channels.toClient(answer) == [.message([0, 9])])
        let end = encoder.encode(.data(stream: 3, bytes: [], isLast: true))
        #expect(try channels.toClient(end) == [])
        let noError = encoder.encode(.data(stream: 1, bytes: [], isLast: true))
        #expect(try channels.toClient(noError) == [.close])
    }

    @Test func `a port that cannot be reached leaves the others alone`() throws {
        var channels = PortForwardChannels(ports: [80, 81])
        var encoder = SPDYEncoder()
        // The runtime may close the data first and tell the error afterwards.
        let end = encoder.encode(.data(stream: 7, bytes: [], isLast: true))
        #expect(try channels.toClient(end) == [])
        let error = encoder.encode(.data(stream: 5, bytes: [1, 2], isLast: true))
        #expect(try channels.toClient(error) == [.message([3, 1, 2])])
        let others = [1, 3].flatMap { stream in
            encoder.encode(.data(stream: stream, bytes: [], isLast: true))
        }
        #expect(try channels.toClient(others) == [.close])
    }

    @Test func `pings of the server are answered`() throws {
        var channels = PortForwardChannels(ports: [80])
        var encoder = SPDYEncoder()
        let ping = encoder.encode(.ping(id: 2))
        #expect(try channels.toClient(ping) == [.answer(ping)])
        #expect(try channels.toClient(encoder.encode(.ping(id: 1))) == [])
    }
}
