// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A room of the product: its sources are in `Sources/<name>`.
func room(_ name: String, uses rooms: [String], and products: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: rooms.map { .byName(name: $0) } + products,
        exclude: name == "Shell" ? ["CRI/Protocol"] : [], swiftSettings: settings)
}

/// The tests of one room, in `Tests/<name>Tests`.
func tests(_ name: String, uses rooms: [String], and products: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: rooms.map { .byName(name: $0) } + products,
        exclude: ["API": ["Fixtures"], "Journey": ["Clients"]][name] ?? [],
        swiftSettings: settings)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTP2", package: "swift-nio-http2"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"),
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let shellProducts: [Target.Dependency] =
    nio + [
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "Yams", package: "Yams"),
    ]

let fuzzProducts: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOEmbedded", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
]

let cores = [
    "Base", "JSON", "Objects", "Gossip", "Raft", "Store", "API", "Control", "Kubelet", "Services",
]

let package = Package(
    name: "podmesh",
    products: [
        .executable(name: "podmesh", targets: ["podmesh"]),
        .executable(name: "podmesh-fuzz", targets: ["podmesh-fuzz"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf.git", from: "2.4.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // Every room may use the rooms above it and no others; DESIGN draws the picture.
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
        room("Base", uses: []),
        room("JSON", uses: ["Base"]),
        room("Objects", uses: ["Base", "JSON"]),
        room("Gossip", uses: ["Base", "CSodium"]),
        room("Raft", uses: ["Base"]),
        room("Store", uses: ["Base"]),
        room("API", uses: ["Base", "JSON", "Objects", "Store"]),
        room("Control", uses: ["Base", "JSON", "Objects"]),
        room("Kubelet", uses: ["Base", "JSON", "Objects"]),
        room("Services", uses: ["Base", "Gossip"]),
        room("Daemon", uses: cores),
        room("Simulator", uses: cores + ["Daemon"]),
        room("Shell", uses: cores + ["Daemon"], and: shellProducts),
        room("Bench", uses: cores + ["Daemon", "Simulator", "Shell"], and: nio),
        room("Fuzz", uses: cores + ["Daemon", "Shell"], and: fuzzProducts),
        .executableTarget(
            name: "podmesh-fuzz",
            dependencies: ["Base", "Fuzz"] + [
                .product(name: "ArgumentParser", package: "swift-argument-parser")
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "podmesh",
            dependencies: ["Base", "JSON", "Daemon", "Simulator", "Shell", "Bench"] + [
                .product(name: "ArgumentParser", package: "swift-argument-parser")
            ],
            swiftSettings: settings),

        tests("Base", uses: ["Base"]),
        tests("JSON", uses: ["Base", "JSON"]),
        tests("Objects", uses: ["Base", "JSON", "Objects", "API"]),
        tests("Gossip", uses: ["Base", "Gossip"]),
        tests("Raft", uses: ["Base", "Raft"]),
        tests("Store", uses: ["Base", "Store"]),
        tests("API", uses: ["Base", "JSON", "Objects", "Store", "API"]),
        tests("Control", uses: ["Base", "JSON", "Objects", "Control"]),
        tests("Kubelet", uses: ["Base", "JSON", "Objects", "Kubelet"]),
        tests("Services", uses: ["Base", "Gossip", "Services"]),
        tests("Daemon", uses: cores + ["Daemon"]),
        tests("Simulator", uses: cores + ["Daemon", "Simulator"]),
        tests("Shell", uses: cores + ["Daemon", "Shell"], and: shellProducts),
        tests("Bench", uses: cores + ["Daemon", "Simulator", "Shell", "Bench"], and: nio),
        tests("Fuzz", uses: ["Base", "Fuzz"]),
        tests("Tidy", uses: []),
        tests("Journey", uses: []),
    ],
    swiftLanguageModes: [.v6])
