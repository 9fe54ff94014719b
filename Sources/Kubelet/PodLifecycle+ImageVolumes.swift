import Base
import JSON
import Objects

/// A volume that shows the content of an image (`volumes[].image`).
struct ImageVolume: Sendable {
    enum Step: Hashable, Sendable {
        case inspecting
        case pulling
        case mounting
    }

    var isMounted = false
    var step: Step?
    var retry = Retry()
}

extension PodLifecycle {
    /// Has the images of volumes pulled and mounted; true when all are.
    mutating func mountImages(_ turn: inout PodTurn) -> Bool {
        var isComplete = true
        for volume in pod.volumes {
            guard let image = volume["image"]?["reference"]?.string,
                let name = volume["name"]?.string
            else { continue }
            let state = volumes.images[name] ?? ImageVolume()
            volumes.images[name] = state
            if state.isMounted { continue }
            isComplete = false
            guard state.step == nil, state.retry.isDue(turn.instant) else { continue }
            take(.inspecting, name, .imageStatus(image: image), &turn)
        }
        return isComplete
    }

    private mutating func take(
        _ step: ImageVolume.Step, _ name: String, _ request: RuntimeRequest,
        _ turn: inout PodTurn
    ) {
        volumes.images[name]?.step = step
        send(.imageVolume(name, step), request, &turn)
    }

    mutating func onImageVolume(
        _ name: String, _ step: ImageVolume.Step,
        _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        volumes.images[name]?.step = nil
        guard stage == .active,
            let volume = pod.volumes.first(where: { $0["name"]?.string == name }),
            let source = volume["image"], let image = source["reference"]?.string
        else { return }
        let policy = source["pullPolicy"]?.string ?? "IfNotPresent"
        switch (step, result) {
        case (.inspecting, .success(.image(let found))):
            let isEnough = found != nil
                && (policy != "Always" || turn.configuration.acceptsPresentImages)
            if isEnough {
                mount(image, name, volume, &turn)
            } else if policy == "Never" {
                noteFailedImage(
                    name, "Container image \"\(image)\" is not present with pull policy of Never",
                    &turn)
            } else {
                turn.note("Pulling", "Pulling image \"\(image)\"")
                let credentials = PullCredentials.credentials(
                    for: image, pod: pod, sources: turn.sources)
                take(
                    .pulling, name, .pullImage(image: image, credentials: credentials), &turn)
            }
        case (.pulling, .success): mount(image, name, volume, &turn)
        case (.mounting, .success): volumes.images[name]?.isMounted = true
        case (_, .failure(let error)): noteFailedImage(name, error.message, &turn)
        case (.inspecting, .success): noteFailedImage(name, "the runtime told no image", &turn)
        }
    }

    private mutating func mount(
        _ image: String, _ name: String, _ volume: JSON, _ turn: inout PodTurn
    ) {
        guard let location = try? paths.location(of: volume, in: pod, turn.sources) else { return }
        take(.mounting, name, .mountImage(reference: image, path: location.path), &turn)
    }

    private mutating func noteFailedImage(
        _ name: String, _ message: String, _ turn: inout PodTurn
    ) {
        warnOfMount(name, message, &turn)
        volumes.images[name]?.retry.noteFailure(turn.limits, now: turn.instant)
    }
}
