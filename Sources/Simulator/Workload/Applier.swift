import API
import Base
import JSON

/// Applies an application's manifests one after the other, each until it is there, and keeps what
/// the API says of those that it refuses.
struct Applier: Client {
    private var left: [(path: String, body: JSON)]
    private(set) var problems: [String] = []
    var violation: String? { nil }
    var isDone: Bool { left.isEmpty }

    init(_ objects: [(path: String, body: JSON)]) { left = objects }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .response(let response) where response.code == 201 || response.code == 409:
            left.removeFirst()
        case .response(let response) where (400..<500).contains(response.code):
            // 429 asks to come again.
            guard response.code != 429 else { return .pause(.milliseconds(100)) }
            let status = try? JSON(parsing: response.body)
            problems.append(status?["message"]?.string ?? "code \(response.code)")
            left.removeFirst()
        case .response, .lost, .streamBegan, .streamBytes: return .pause(.milliseconds(100))
        case .resumed: break
        }
        guard let next = left.first else { return .stop }
        return .send(Requests.write(.post, next.path, next.body))
    }
}
