import Base
import Daemon
package import NIOCore
import Store

/// podmesh's side of a load: calls to the Store on the links between machines, see ``StoreCall``.
package struct StoreLoad: LoadProtocol {
    private let operation: LoadSettings.Operation
    private var content: LoadContent

    package init(_ operation: LoadSettings.Operation, connection: Int) {
        self.operation = operation
        content = LoadContent(connection: connection)
    }

    package mutating func greet(into output: inout ByteBuffer) {}

    package mutating func ask(client: Int, into output: inout ByteBuffer) {
        let key = Key(group: "bench.podmesh", resource: "values", name: content.nextKey())
        let call: StoreCall =
            operation == .write
            ? .transact(Transaction.body([], [.put(key, LoadContent.value)])) : .read(key)
        let frame = StoreCallCodec.encode(call, number: UInt64(client))
        output.writeInteger(UInt32(frame.count))
        output.writeBytes(frame)
    }

    package mutating func take(
        _ input: inout ByteBuffer, answers: inout [LoadAnswer], into output: inout ByteBuffer
    ) throws(BenchError) {
        while let length = input.getInteger(at: input.readerIndex, as: UInt32.self),
            let frame = input.getBytes(at: input.readerIndex + 4, length: Int(length))
        {
            input.moveReaderIndex(forwardBy: 4 + Int(length))
            do throws(DecodeError) {
                let (answer, number) = try StoreCallCodec.decodeAnswer(frame)
                answers.append(LoadAnswer(client: Int(clamping: number), isGood: isGood(answer)))
            } catch {
                throw BenchError("the Store's answer cannot be read: \(error)")
            }
        }
    }

    private func isGood(_ answer: StoreAnswer) -> Bool {
        switch answer {
        case .committed: operation == .write
        case .document(let bytes, _):
            operation == .read && bytes.count == LoadContent.valueBytes
        case .absent, .conflict, .refused: false
        }
    }
}
