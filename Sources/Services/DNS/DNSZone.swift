import Base
package import Gossip

/// The cluster's DNS zone: names of Services, headless endpoints and Pods, kept from the rows of
/// the assignment table ("Kubernetes DNS-Based Service Discovery", schema version 1.1.0).
///
/// A value: the responder's thread answers from a copy while the daemon's loop changes its own.
package struct DNSZone: Sendable {
    package let domain: String
    private let domainLabels: [String]
    private var services: [Name: ServiceAssignment] = [:]
    private var pods: [Name: PodAssignment] = [:]
    /// Pods that a Service selects, in order of their names.
    private var members: [Name: [String]] = [:]
    private var serviceByAddress: [String: Name] = [:]
    private var podByAddress: [String: Name] = [:]
    private var namespaces: [String: Int] = [:]

    /// How long resolvers keep an answer; short, because Pods move within seconds.
    package static let timeToLive: UInt32 = 5
    private static let schemaVersion = "1.1.0"
    /// Aliases of aliases that are followed; a longer chain, or a circle, is SERVFAIL.
    private static let aliasesMax = 8

    private struct Name: Hashable, Sendable {
        var namespace: String
        var name: String
    }

    package init(domain: String) {
        self.domain = domain
        domainLabels = domain.lowercased().split(separator: ".").map(String.init)
    }

    /// What to do about a question.
    package enum Resolution: Sendable, Equatable {
        case answer(DNSAnswer)
        /// The name is outside the zone: ask an upstream server.
        case forward
        /// The name is an alias for one outside the zone; an upstream server's answer to this
        /// question completes it.
        case follow([DNSRecord], DNSQuestion)
    }

    /// Takes a row of the assignment table.
    package mutating func update(_ entry: AssignmentEntry) {
        let name = Name(namespace: entry.key.namespace, name: entry.key.name)
        switch entry.key.kind {
        case .pod:
            removePod(name)
            if let pod = entry.pod { add(pod, name) }
        case .service:
            removeService(name)
            if let service = entry.service { add(service, name) }
        }
    }

    /// Resolves a question. `client` is the asker's address: a Pod that asks for a short name
    /// without walking its search path, as some resolvers do with names that hold a dot, is
    /// answered as if it had (compare CoreDNS' `autopath`).
    package func resolve(_ question: DNSQuestion, client: String? = nil) -> Resolution {
        let resolution = resolveAbsolute(question)
        guard case .forward = resolution, !question.name.isEmpty, let client,
            let pod = podByAddress[client]
        else { return resolution }
        for suffix in ["\(pod.namespace).svc.", "svc.", ""] {
            var longer = question
            longer.name = "\(question.name).\(suffix)\(domain)"
            switch resolveAbsolute(longer) {
            case .answer(var answer) where answer.code == .noError:
                answer.answers = answer.answers.map { $0.renamed(from: longer, to: question) }
                return .answer(answer)
            case .follow(let aliases, let target):
                return .follow(aliases.map { $0.renamed(from: longer, to: question) }, target)
            default: continue
            }
        }
        return .forward
    }

    /// `hops` counts the aliases that led here.
    private func resolveAbsolute(_ question: DNSQuestion, hops: Int = 0) -> Resolution {
        guard question.class == 1 else {
            return .answer(DNSAnswer(code: .refused, isAuthoritative: false))
        }
        let labels = question.name.lowercased().split(separator: ".").map(String.init)
        if labels.count >= 2, labels.suffix(2) == ["in-addr", "arpa"] {
            return reverse(labels, question)
        }
        guard labels.count >= domainLabels.count,
            Array(labels.suffix(domainLabels.count)) == domainLabels
        else { return .forward }
        return resolve(Array(labels.dropLast(domainLabels.count)), question, hops)
    }

    private func resolve(
        _ labels: [String], _ question: DNSQuestion, _ hops: Int
    ) -> Resolution {
        switch labels.last {
        case nil:
            if question.type == .soa { return .answer(DNSAnswer(answers: [startOfAuthority])) }
            if question.type == .ns {
                let server = DNSRecord.Data.ns("ns.dns.\(domain)")
                return found([record(question.name, server)])
            }
            return found([])
        case "dns-version" where labels.count == 1:
            guard question.type == .txt || question.type == .any else { return found([]) }
            return found([record(question.name, .txt(Self.schemaVersion))])
        case "svc":
            return resolveService(Array(labels.dropLast()), question, hops)
        case "pod":
            return resolvePod(Array(labels.dropLast()), question)
        default:
            return missing
        }
    }

    // MARK: Services

    private func resolveService(
        _ labels: [String], _ question: DNSQuestion, _ hops: Int
    ) -> Resolution {
        guard let namespace = labels.last else { return found([]) }
        guard labels.count > 1 else {
            return namespaces[namespace] != nil ? found([]) : missing
        }
        let name = Name(namespace: namespace, name: labels[labels.count - 2])
        guard let service = services[name] else { return missing }
        let rest = Array(labels.dropLast(2))
        if let external = service.externalName, rest.isEmpty {
            return follow(record(question.name, .cname(external)), to: external, question, hops)
        }
        switch rest.count {
        case 0:
            return found(
                question.asks(for: .a)
                    ? addresses(of: name, service).map { record(question.name, $0) } : [])
        case 1:
            let matching = endpoints(of: name, service).filter { $0.label == rest[0] }
            guard service.clusterIP == nil, !matching.isEmpty else { return missing }
            return found(
                question.asks(for: .a)
                    ? matching.compactMap { $0.addressData.map { record(question.name, $0) } }
                    : [])
        case 2:
            guard rest[0].hasPrefix("_"), rest[1].hasPrefix("_") else { return missing }
            return resolvePort(
                String(rest[0].dropFirst()), String(rest[1].dropFirst()), name, service, question)
        default:
            return missing
        }
    }

    /// Goes on at the target of an ExternalName, which may be a name of this zone.
    private func follow(
        _ alias: DNSRecord, to target: String, _ question: DNSQuestion, _ hops: Int
    ) -> Resolution {
        if question.type == .cname || question.type == .any { return found([alias]) }
        guard hops < Self.aliasesMax else {
            return .answer(DNSAnswer(code: .serverFailure, answers: [alias]))
        }
        let next = DNSQuestion(name: target, type: question.type)
        switch resolveAbsolute(next, hops: hops + 1) {
        case .forward: return .follow([alias], next)
        case .follow(let aliases, let last): return .follow([alias] + aliases, last)
        case .answer(var answer):
            answer.answers.insert(alias, at: 0)
            return .answer(answer)
        }
    }

    /// `_port._protocol.service.namespace.svc`: where the port is reached.
    private func resolvePort(
        _ port: String, _ transport: String, _ name: Name, _ service: ServiceAssignment,
        _ question: DNSQuestion
    ) -> Resolution {
        let wanted = service.ports.filter {
            $0.name == port && $0.protocol.text.lowercased() == transport
        }
        guard let first = wanted.first else { return missing }
        guard question.asks(for: .srv) else { return found([]) }
        let base = "\(name.name).\(name.namespace).svc.\(domain)"
        var answers: [DNSRecord] = []
        var additional: [DNSRecord] = []
        func add(_ target: String, _ number: UInt16, _ address: DNSRecord.Data?, share: Int) {
            let weight = UInt16(clamping: 100 / max(1, share))
            answers.append(
                record(
                    question.name,
                    .srv(priority: 0, weight: weight, port: number, target: target)))
            if let address { additional.append(record(target, address)) }
        }
        if let address = service.clusterIP {
            add(base, first.port, IPv4Address(address).map { .a($0.octets) }, share: 1)
        } else {
            let endpoints = endpoints(of: name, service)
            for endpoint in endpoints {
                guard let number = endpoint.number(of: first) else { continue }
                add(
                    "\(endpoint.label).\(base)", number, endpoint.addressData,
                    share: endpoints.count)
            }
        }
        return found(answers, additional: additional)
    }

    private func addresses(of name: Name, _ service: ServiceAssignment) -> [DNSRecord.Data] {
        if let address = service.clusterIP {
            return IPv4Address(address).map { [.a($0.octets)] } ?? []
        }
        return endpoints(of: name, service).compactMap(\.addressData)
    }

    private func endpoints(of name: Name, _ service: ServiceAssignment) -> [ServiceEndpoint] {
        let selected = (members[name] ?? []).compactMap { pod in
            pods[Name(namespace: name.namespace, name: pod)]
        }
        return ServiceEndpoint.endpoints(of: service, named: name.name, pods: selected)
    }

    // MARK: Pods

    /// `1-2-3-4.namespace.pod`: the address is in the name, so the answer needs no lookup.
    private func resolvePod(_ labels: [String], _ question: DNSQuestion) -> Resolution {
        guard labels.count == 2 else { return labels.count < 2 ? found([]) : missing }
        guard let address = IPv4Address(labels[0].replacingDashes) else { return missing }
        return found(
            question.asks(for: .a) ? [record(question.name, .a(address.octets))] : [])
    }

    // MARK: Reverse

    private func reverse(_ labels: [String], _ question: DNSQuestion) -> Resolution {
        let address = labels.dropLast(2).reversed().joined(separator: ".")
        if let name = serviceByAddress[address] {
            guard question.asks(for: .ptr) else { return found([]) }
            let target = "\(name.name).\(name.namespace).svc.\(domain)"
            return found([record(question.name, .ptr(target))])
        }
        guard let name = podByAddress[address], let pod = pods[name] else { return .forward }
        guard question.asks(for: .ptr) else { return found([]) }
        let targets = pod.services.sorted().compactMap { service -> String? in
            let key = Name(namespace: name.namespace, name: service)
            guard let assignment = services[key], assignment.clusterIP == nil else { return nil }
            let endpoint = endpoints(of: key, assignment).first { $0.address == address }
            return endpoint.map { "\($0.label).\(service).\(name.namespace).svc.\(domain)" }
        }
        let fallback = "\(address.replacingDots).\(name.namespace).pod.\(domain)"
        return found(
            (targets.isEmpty ? [fallback] : targets).map { record(question.name, .ptr($0)) })
    }

    // MARK: Answers

    private func record(_ name: String, _ data: DNSRecord.Data) -> DNSRecord {
        DNSRecord(name: name, timeToLive: Self.timeToLive, data: data)
    }

    /// The name exists; an answer without records says that it has none of the asked type.
    private func found(_ records: [DNSRecord], additional: [DNSRecord] = []) -> Resolution {
        .answer(
            DNSAnswer(
                answers: records, authority: records.isEmpty ? [startOfAuthority] : [],
                additional: additional))
    }

    private var missing: Resolution {
        .answer(DNSAnswer(code: .nameError, authority: [startOfAuthority]))
    }

    private var startOfAuthority: DNSRecord {
        record(
            domain,
            .soa(
                primary: "ns.dns.\(domain)", mailbox: "hostmaster.\(domain)", serial: 1,
                minimum: Self.timeToLive))
    }

    // MARK: Index

    private mutating func add(_ pod: PodAssignment, _ name: Name) {
        pods[name] = pod
        for address in pod.addresses { podByAddress[address] = name }
        for service in pod.services {
            let key = Name(namespace: name.namespace, name: service)
            var names = members[key] ?? []
            let position = names.firstIndex { $0 >= name.name } ?? names.count
            names.insert(name.name, at: position)
            members[key] = names
        }
    }

    private mutating func removePod(_ name: Name) {
        guard let old = pods.removeValue(forKey: name) else { return }
        for address in old.addresses where podByAddress[address] == name {
            podByAddress[address] = nil
        }
        for service in old.services {
            let key = Name(namespace: name.namespace, name: service)
            members[key]?.removeAll { $0 == name.name }
            if members[key]?.isEmpty == true { members[key] = nil }
        }
    }

    private mutating func add(_ service: ServiceAssignment, _ name: Name) {
        services[name] = service
        namespaces[name.namespace, default: 0] += 1
        if let address = service.clusterIP { serviceByAddress[address] = name }
    }

    private mutating func removeService(_ name: Name) {
        guard let old = services.removeValue(forKey: name) else { return }
        if let address = old.clusterIP, serviceByAddress[address] == name {
            serviceByAddress[address] = nil
        }
        let count = (namespaces[name.namespace] ?? 1) - 1
        namespaces[name.namespace] = count > 0 ? count : nil
    }
}

extension DNSRecord {
    fileprivate func renamed(from long: DNSQuestion, to short: DNSQuestion) -> DNSRecord {
        guard name == long.name else { return self }
        return DNSRecord(name: short.name, timeToLive: timeToLive, data: data)
    }
}

extension DNSQuestion {
    fileprivate func asks(for wanted: DNSType) -> Bool { type == wanted || type == .any }
}

extension String {
    fileprivate var replacingDashes: String { String(map { $0 == "-" ? "." : $0 }) }
    var replacingDots: String { String(map { $0 == "." ? "-" : $0 }) }
}
