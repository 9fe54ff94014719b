import NIOPosix

/// Runs work that blocks (files, mounts) on a thread pool made for it, so that it holds up
/// neither an event loop nor a task's thread.
func onBlockingThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(work)
}
