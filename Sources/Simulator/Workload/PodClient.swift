import API
import Base
import JSON

/// Makes Pods of all kinds, without a controller, lets each be for a while, deletes it, and waits
/// until it is gone.
struct PodClient: Client {
    private enum Stage {
        case making
        case deleting
        case waiting
    }

    private let number: Int
    private let isOver: () -> Bool
    private var stage = Stage.making
    private var pod: DrawnPod?
    private var made = 0
    /// Nothing of it is left.
    private(set) var isDone = false
    var violation: String? { nil }

    init(_ number: Int, isOver: @escaping () -> Bool) {
        self.number = number
        self.isOver = isOver
    }

    /// What is not gone yet, in words.
    var pending: String? {
        isDone ? nil : pod.map { "Pod \($0.name) is not gone (\(stage))" } ?? "Pods are made"
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .response(let response): return answered(response.code, &context)
        case .lost, .streamBegan, .streamBytes: return retry(&context)
        case .resumed: return ask(&context)
        }
    }

    private mutating func ask(_ context: inout ClientContext) -> ClientAction {
        guard let pod else {
            guard !isOver() else {
                isDone = true
                return .stop
            }
            let fresh = DrawnPod(
                "\(number)-\(made)", patience: context.patience, &context.random)
            made += 1
            pod = fresh
            stage = .making
            return .send(Requests.write(.post, Requests.pods, fresh.body))
        }
        let path = "\(Requests.pods)/\(pod.name)"
        switch stage {
        case .making: return .send(Requests.write(.post, Requests.pods, pod.body))
        case .deleting: return .send(Requests.delete(path, query: ""))
        case .waiting: return .send(Requests.get(path))
        }
    }

    private mutating func answered(_ code: Int, _ context: inout ClientContext) -> ClientAction {
        switch (stage, code) {
        // An earlier try, whose answer was lost, may have made it.
        case (.making, 201), (.making, 409):
            stage = .deleting
            return .pause(.milliseconds(Int64(100 + context.random.below(8_000))))
        case (.deleting, 200), (.deleting, 202):
            stage = .waiting
            return retry(&context)
        case (.deleting, 404), (.waiting, 404):
            pod = nil
            return .pause(.milliseconds(Int64(50 + context.random.below(500))))
        default: return retry(&context)
        }
    }

    private func retry(_ context: inout ClientContext) -> ClientAction {
        .pause(.milliseconds(Int64(50 + context.random.below(200))))
    }
}
