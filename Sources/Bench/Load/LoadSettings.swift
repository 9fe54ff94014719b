import Foundation

/// What one run of the load client does. It travels to the client's process as JSON.
package struct LoadSettings: Codable, Sendable {
    package enum Server: String, Codable, Sendable {
        /// The Store of a machine, through calls on the links between machines.
        case store
        /// ConfigMaps through the Kubernetes API.
        case kubernetes
        case etcd
    }

    /// What is asked of the Kubernetes API.
    package enum Subject: String, Codable, Sendable {
        /// ConfigMaps with 512 B of data.
        case configMap
        /// ConfigMaps that are stored as 1.7 KB.
        case document
        case pod
        /// The Pods of the namespace `LoadContent.listed`, all in one answer.
        case podList
    }

    package enum Operation: String, Codable, Sendable {
        case write
        case read
    }

    package var server: Server
    package var operation: Operation
    package var subject = Subject.configMap
    package var host: String
    package var port: Int
    /// How many operations are under way at any moment.
    package var clients = 1
    package var connections = 1
    package var warmUpSeconds = 0.5
    package var seconds = 1.0
    /// Tells this run's objects from those of other runs.
    package var run = ""
    /// The client's certificate, its key and the authority; empty for a server without TLS.
    package var certificatePEM = ""
    package var privateKeyPEM = ""
    package var authorityPEM = ""

    package init(server: Server, operation: Operation, host: String, port: Int) {
        self.server = server
        self.operation = operation
        self.host = host
        self.port = port
    }
}

/// What a run of the load client found.
package struct LoadResult: Codable, Sendable {
    package var operations: Int
    package var failures: Int
    package var seconds: Double
    /// Milliseconds from the question to its answer.
    package var median: Double
    package var percentile99: Double
    /// Processor seconds that the client used, out of `seconds` of time.
    package var processorSeconds: Double
    /// What the servers used meanwhile, warm-up included; the bench adds it.
    package var serverProcessorSeconds = 0.0

    package var rate: Double { seconds > 0 ? Double(operations) / seconds : 0 }
}
