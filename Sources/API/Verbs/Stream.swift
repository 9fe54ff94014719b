import Base
import JSON
import Objects
import Store

/// The subresources of Pods that are streams.
enum StreamKind: String, Sendable {
    case log, exec, attach
    case portForward = "portforward"
}

/// Logs, exec, attach and port-forward: all that can be judged before a machine is asked.
extension Evaluation {
    func stream(
        _ kind: StreamKind, _ target: ResourceTarget, _ query: QueryParameters,
        _ request: APIRequest
    ) throws(StatusError) -> StreamRequest {
        let pod = Pod(try existing(target).json)
        let streamKind: StreamRequest.Kind
        var container = ""
        switch kind {
        case .log:
            let options = try logOptions(query)
            container = try chosenContainer(of: pod, query)
            try checkHost(pod)
            try checkLogs(of: container, in: pod, previous: options.previous)
            streamKind = .log(options)
        case .exec, .attach:
            guard request.isUpgrade else {
                throw StatusError(.badRequest, "Upgrade request required")
            }
            let options = execOptions(query)
            try check(options, isExec: kind == .exec)
            container = try chosenContainer(of: pod, query)
            try checkHost(pod)
            streamKind = kind == .exec ? .exec(options) : .attach(options)
        case .portForward:
            guard request.isUpgrade else {
                throw StatusError(.badRequest, "Upgrade request required")
            }
            var ports: [Int] = []
            for text in query.all("ports").flatMap({ $0.split(separator: ",") }) {
                guard let port = Int(text), (1...65_535).contains(port) else {
                    throw StatusError(.badRequest, "invalid port \(quotedText(String(text)))")
                }
                ports.append(port)
            }
            try checkHost(pod)
            streamKind = .portForward(ports: ports)
        }
        return StreamRequest(
            pod: pod.key, podUID: pod.uid, node: pod.nodeName ?? "", container: container,
            kind: streamKind)
    }

    private func checkHost(_ pod: Pod) throws(StatusError) {
        guard pod.nodeName == nil else { return }
        throw StatusError(.badRequest, "pod \(pod.name) does not have a host assigned")
    }

    private func chosenContainer(
        of pod: Pod, _ query: QueryParameters
    ) throws(StatusError) -> String {
        let main = pod.containers.map(\.name)
        let initial = pod.initContainers.map(\.name)
        let ephemeral = (pod.spec["ephemeralContainers"]?.array ?? []).compactMap {
            $0["name"]?.string
        }
        if let name = query.first("container"), !name.isEmpty {
            guard (main + initial + ephemeral).contains(name) else {
                throw StatusError(
                    .badRequest, "container \(name) is not valid for pod \(pod.name)")
            }
            return name
        }
        if main.count == 1 { return main[0] }
        var message = "a container name must be specified for pod \(pod.name)"
        if !main.isEmpty {
            message += ", choose one of: [\(main.joined(separator: " "))]"
        }
        if !initial.isEmpty {
            message += " or one of the init containers: [\(initial.joined(separator: " "))]"
        }
        throw StatusError(.badRequest, message)
    }

    private func logOptions(_ query: QueryParameters) throws(StatusError) -> LogOptions {
        var options = LogOptions()
        options.follow = query.bool("follow")
        options.previous = query.bool("previous")
        options.timestamps = query.bool("timestamps")
        options.tailLines = try query.integer("tailLines")
        options.limitBytes = try query.integer("limitBytes")
        options.sinceSeconds = try query.integer("sinceSeconds")
        options.sinceTime = query.first("sinceTime").flatMap { $0.isEmpty ? nil : $0 }
        var faults: [FieldError] = []
        for (name, value, least) in [
            ("tailLines", options.tailLines, Int64(0)), ("limitBytes", options.limitBytes, 1),
            ("sinceSeconds", options.sinceSeconds, 1),
        ] {
            guard let value, value < least else { continue }
            faults.append(
                FieldError(
                    .invalid, name, value: .integer(value),
                    "must be greater than or equal to \(least)"))
        }
        if options.sinceSeconds != nil, options.sinceTime != nil {
            faults.append(
                FieldError(
                    .forbidden, "", "at most one of `sinceTime` or `sinceSeconds` may be specified"
                ))
        }
        if let time = options.sinceTime, WallTime(rfc3339: time) == nil {
            throw StatusError(.badRequest, "parsing time \(quotedText(time)): no RFC 3339 time")
        }
        if !faults.isEmpty { throw ReadOptions.invalid(faults, kind: "PodLogOptions") }
        return options
    }

    private func execOptions(_ query: QueryParameters) -> ExecOptions {
        let isTerminal = query.bool("tty")
        // A terminal has one output; like the kubelet, we leave the other out.
        return ExecOptions(
            command: query.all("command"), stdin: query.bool("stdin"),
            stdout: query.bool("stdout"), stderr: query.bool("stderr") && !isTerminal,
            tty: isTerminal)
    }

    private func check(_ options: ExecOptions, isExec: Bool) throws(StatusError) {
        if !options.stdin, !options.stdout, !options.stderr {
            throw StatusError(
                .badRequest, "you must specify at least 1 of stdin, stdout, stderr")
        }
        if isExec, options.command.isEmpty {
            throw StatusError(
                .badRequest, "you must specify at least one command for the container")
        }
    }

    /// What the kubelet says of a container that has no log yet.
    private func checkLogs(
        of container: String, in pod: Pod, previous: Bool
    ) throws(StatusError) {
        let statuses = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
            .flatMap { pod.status[$0]?.array ?? [] }
        guard let status = statuses.first(where: { $0["name"]?.string == container }) else {
            throw StatusError(
                .badRequest,
                "container \"\(container)\" in pod \"\(pod.name)\" is not available")
        }
        if previous {
            guard status["lastState"]?["terminated"] == nil else { return }
            throw StatusError(
                .badRequest,
                "previous terminated container \"\(container)\" in pod \"\(pod.name)\" not found")
        }
        guard let waiting = status["state"]?["waiting"],
            status["lastState"]?["terminated"] == nil
        else { return }
        let why: String
        switch waiting["reason"]?.string ?? "" {
        case "ErrImagePull": why = "trying and failing to pull image"
        case "ImagePullBackOff": why = "image can't be pulled"
        case let reason: why = reason
        }
        throw StatusError(
            .badRequest,
            "container \"\(container)\" in pod \"\(pod.name)\" is waiting to start: \(why)")
    }
}
