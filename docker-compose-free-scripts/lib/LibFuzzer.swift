import Glibc

/// The entry of libFuzzer (LLVM, `-fsanitize=fuzzer`) into one decoder, which the environment
/// names. A broken rule ends the process, so that libFuzzer keeps the input.
private let decoder: FuzzDecoder = {
    let decoders: [FuzzDecoder] = [
        .gossip, .sealed, .raft, .record, .transaction, .snapshot, .dns,
    ]
    let name = getenv("PODMESH_FUZZ").map { String(cString: $0) } ?? ""
    guard let decoder = decoders.first(where: { $0.name == name }) else {
        preconditionFailure("PODMESH_FUZZ names no decoder: \(name)")
    }
    return decoder
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func tryInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if case .broken(let what) = decoder.check(input) { preconditionFailure(what) }
    return 0
}
