/// Asks again and again until the answer is yes; an error counts as no. Fails with the last answer
/// when the time is over. Returns how long it took.
@discardableResult
func eventually(
    within limit: Duration, _ what: String, _ isSo: () async throws -> Bool
) async throws -> Duration {
    let clock = ContinuousClock()
    let start = clock.now
    var last = "no"
    while true {
        do {
            if try await isSo() { return clock.now - start }
            last = "no"
        } catch {
            last = "\(error)"
        }
        guard clock.now - start < limit else {
            throw Failed("not within \(limit): \(what); last answer: \(last)")
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}

extension Duration {
    /// With two decimals, for people.
    var text: String {
        let hundredths = components.seconds * 100 + components.attoseconds / 10_000_000_000_000_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}
