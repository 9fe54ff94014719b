import Base
import Daemon
import Gossip
import JSON
import Objects
import Services
import Store

/// What every machine knows of Services and Pods without asking anybody.
extension Convergence {
    /// On every machine, the assignment table is what the Store's documents make of it, and DNS
    /// answers what the Endpoints say.
    func services(_ running: [VirtualMachine]) -> String? {
        guard let first = running.first, let core = first.core else { return nil }
        let objects = core.allObjects()
        return assignments(running, objects) ?? names(running, objects)
    }

    private func assignments(
        _ running: [VirtualMachine], _ objects: [(ObjectKey, JSON)]
    ) -> String? {
        var publisher = AssignmentPublisher()
        for (key, json) in objects { _ = publisher.update(key, json, revision: 0) }
        var wanted: [AssignmentKey: AssignmentValue] = [:]
        for entry in publisher.entries(revision: 0) where !entry.isTombstone {
            wanted[entry.key] = entry.value
        }
        for machine in running {
            guard let table = machine.core?.gossip.table else { continue }
            var missing = wanted
            for entry in table.sortedEntries where !entry.isTombstone {
                guard let value = missing.removeValue(forKey: entry.key) else {
                    return "\(machine.name) has a row of \(entry.key), which is gone"
                }
                guard value == entry.value else {
                    return "\(machine.name) has an old row of \(entry.key)"
                }
            }
            if let key = missing.keys.min() { return "\(machine.name) has no row of \(key)" }
        }
        return nil
    }

    private func names(
        _ running: [VirtualMachine], _ objects: [(ObjectKey, JSON)]
    ) -> String? {
        let endpoints = Dictionary(
            uniqueKeysWithValues: objects.filter { $0.0.resource == .endpoints }.map {
                ("\($0.0.namespace)/\($0.0.name)", $0.1)
            })
        for (key, service) in objects where key.resource == .services {
            var wanted: [String] = []
            if let address = service["spec"]?["clusterIP"]?.string, address != "None" {
                wanted = [address]
            } else {
                for subset in endpoints["\(key.namespace)/\(key.name)"]?["subsets"]?.array ?? [] {
                    for address in subset["addresses"]?.array ?? [] {
                        if let text = address["ip"]?.string { wanted.append(text) }
                    }
                }
                wanted.sort()
            }
            for machine in running {
                let name = "\(key.name).\(key.namespace).svc.cluster.local"
                let found = Self.addresses(of: name, machine)
                guard found != wanted else { continue }
                return "\(machine.name) answers \(name) with \(found), the Store says \(wanted)"
            }
        }
        return nil
    }

    private static func addresses(of name: String, _ machine: VirtualMachine) -> [String] {
        let question = DNSQuestion(name: name, type: .a)
        guard case .answer(let answer) = machine.core?.zone.resolve(question) else { return [] }
        return answer.answers.compactMap { record in
            guard case .a(let octets) = record.data else { return nil }
            return octets.map { String($0) }.joined(separator: ".")
        }.sorted()
    }
}
