import Base
import JSON
import Objects

extension PodLifecycle {
    /// Asks whether the image is there, unless the last pull failed too recently.
    mutating func advanceImage(_ index: Int, _ turn: inout PodTurn) {
        let container = containers[index]
        if let failed = container.imageFailedAt,
            container.imageBackOff.mayRetry(after: failed) > turn.instant
        {
            beginImageBackOff(index, &turn)
            return
        }
        let image = container.spec.image
        if let fault = ImageReference.fault(in: image) {
            let text = "Failed to apply default image tag \"\(image)\": "
                + "couldn't parse image name \"\(image)\": \(fault)"
            refuseImage(index, "InvalidImageName", text, event: "InspectFailed", &turn)
            return
        }
        containers[index].image = .inspecting
        containers[index].imageAsked = image
        send(.inspectImage(container.name), .imageStatus(image: image), &turn)
    }

    private mutating func beginImageBackOff(_ index: Int, _ turn: inout PodTurn) {
        let container = containers[index]
        guard container.waiting?.reason == "ErrImagePull"
        else { return }
        let text = "Back-off pulling image \"\(container.spec.image)\""
        let cause = container.waiting?.message.map { ": ErrImagePull: \($0)" } ?? ""
        containers[index].waiting = .init(reason: "ImagePullBackOff", message: text + cause)
        turn.note("BackOff", text, container: container)
        turn.warn("Failed", "Error: ImagePullBackOff", container: container)
    }

    mutating func onImageInspected(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        containers[index].image = .unknown
        guard stage == .active, containers[index].hasAskedForImage else { return }
        let container = containers[index]
        let name = container.spec.image
        switch result {
        case .success(.image(let image?))
        where (container.spec.imagePullPolicy != "Always"
            || turn.configuration.acceptsPresentImages)
            && turn.imageAccess.allows(image.id, to: pullSecrets(name, turn)):
            containers[index].noteImage(image)
            turn.note(
                "Pulled",
                "Container image \"\(name)\" already present on machine and can be accessed "
                    + "by the pod",
                container: container)
        case .success(.image(let image)) where container.spec.imagePullPolicy == "Never":
            let state = image == nil ? "is not present" : "is present"
            let lack = image == nil
                ? "" : " but does not have the proper credentials to access the image"
            let text = "Container image \"\(name)\" \(state) with pull policy of Never\(lack)"
            refuseImage(index, "ErrImageNeverPull", text, event: "ErrImageNeverPull", &turn)
        case .success(.image):
            containers[index].image = .pulling(since: turn.instant)
            turn.note("Pulling", "Pulling image \"\(name)\"", container: container)
            let credentials = PullCredentials.credentials(
                for: name, pod: pod, sources: turn.sources)
            send(
                .pullImage(container.name), .pullImage(image: name, credentials: credentials),
                &turn)
        case .failure(let error) where error.code == .imageNameInvalid:
            let text = "Failed to apply default image tag \"\(name)\": \(error.message)"
            refuseImage(index, "InvalidImageName", text, event: "InspectFailed", &turn)
        case .failure(let error):
            let text = "Failed to inspect image \"\(name)\": \(error.message)"
            refuseImage(index, "ImageInspectError", text, event: "Failed", &turn)
        case .success:
            containers[index].retry.noteFailure(turn.limits, now: turn.instant)
        }
    }

    /// The Pod's Secrets that have a login for an image.
    private func pullSecrets(_ image: String, _ turn: PodTurn) -> Set<String> {
        PullCredentials.secrets(for: image, pod: pod, sources: turn.sources)
    }

    /// The reason is told once, and the image looked for again after a while.
    private mutating func refuseImage(
        _ index: Int, _ reason: String, _ text: String, event: String, _ turn: inout PodTurn
    ) {
        if containers[index].waiting?.message != text {
            turn.warn(event, text, container: containers[index])
            turn.warn("Failed", "Error: \(reason)", container: containers[index])
        }
        containers[index].waiting = .init(reason: reason, message: text)
        containers[index].retry.noteFailure(turn.limits, now: turn.instant)
    }

    mutating func onImagePulled(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        let container = containers[index]
        var since = turn.instant
        if case .pulling(let start) = container.image { since = start }
        containers[index].image = .unknown
        guard stage == .active, container.hasAskedForImage else { return }
        let name = container.spec.image
        switch result {
        case .success(.image(let image?)):
            containers[index].noteImage(image)
            turn.pulls.append((image.id, pullSecrets(name, turn)))
            let time = GoDuration.precise(turn.instant - since)
            turn.note(
                "Pulled",
                "Successfully pulled image \"\(name)\" in \(time) (\(time) including waiting). "
                    + "Image size: \(image.sizeBytes) bytes.",
                container: container)
        case .failure(let error):
            noteFailedPull(index, error.message, &turn)
        case .success:
            noteFailedPull(index, "the runtime pulled no image", &turn)
        }
    }

    private mutating func noteFailedPull(
        _ index: Int, _ message: String, _ turn: inout PodTurn
    ) {
        let container = containers[index]
        turn.warn(
            "Failed", "Failed to pull image \"\(container.spec.image)\": \(message)",
            container: container)
        turn.warn("Failed", "Error: ErrImagePull", container: container)
        containers[index].waiting = .init(reason: "ErrImagePull", message: message)
        containers[index].imageBackOff.noteTry(endedAt: turn.instant, now: turn.instant)
        containers[index].imageFailedAt = turn.instant
        containers[index].holdUntil = turn.instant + turn.limits.retryDelay
    }
}

extension ContainerTrack {
    /// The answer that comes is for the image that is wanted now.
    var hasAskedForImage: Bool { imageAsked == spec.image }

    /// Another image is wanted: what was found, or waited for, is of no use.
    mutating func forgetImage() {
        switch image {
        case .inspecting, .pulling: break
        case .unknown, .ready: image = .unknown
        }
        imageFailedAt = nil
        holdUntil = nil
        retry.hasten()
    }

    mutating func noteImage(_ state: ImageState) {
        image = .ready(state)
        imageFailedAt = nil
        retry.noteSuccess()
        if hasExited { return }
        waiting = nil
    }
}
