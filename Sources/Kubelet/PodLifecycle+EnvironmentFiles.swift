import JSON
import Objects

extension PodLifecycle {
    /// Reads the files of variables that the container names, each time it is made anew; true when
    /// all have been read, or could not be.
    mutating func hasEnvironmentFiles(_ index: Int, _ turn: inout PodTurn) -> Bool {
        let container = containers[index]
        var isComplete = true
        for entry in container.spec.json["env"]?.array ?? [] {
            guard let name = EnvironmentFileName(entry["valueFrom"]?["fileKeyRef"]),
                container.environmentFiles[name] == nil
            else { continue }
            guard let volume = pod.volumes.first(where: { $0["name"]?.string == name.volume }),
                let location = try? paths.location(of: volume, in: pod, turn.sources)
            else {
                containers[index].environmentFiles[name] = .some(nil)
                continue
            }
            isComplete = false
            send(
                .environmentFile(container.name, name),
                .readVolumeFile(
                    volume: location.path, path: name.path,
                    limit: turn.limits.environmentFileBytesMax),
                &turn)
        }
        return isComplete
    }

    mutating func onEnvironmentFile(
        _ index: Int, _ name: EnvironmentFileName, _ result: Result<RuntimeResponse, RuntimeError>
    ) {
        var content: [UInt8]?
        if case .success(.bytes(let bytes)) = result { content = bytes }
        containers[index].environmentFiles[name] = .some(content)
    }
}

extension EnvironmentFileName {
    init?(_ selector: JSON?) {
        guard let volume = selector?["volumeName"]?.string, let path = selector?["path"]?.string
        else { return nil }
        self.init(volume: volume, path: path)
    }
}
