import Base
import JSON
import Kubelet
import Objects
import Testing

/// Who may use an image that another Pod's login brought.
@Suite struct ImageAccessTests {
    private let image = "registry.example.com/app"

    private func world() -> World {
        let world = World()
        world.runtime.registry.insert(image)
        let logins: JSON = [
            "auths": ["registry.example.com": ["username": "u", "password": "p"]]
        ]
        for name in ["login", "other"] {
            world.put(
                ObjectKey(.secrets, namespace: "default", name: name),
                [
                    "kind": "Secret", "metadata": ["name": .string(name), "uid": .string(name)],
                    "data": [".dockerconfigjson": .string(Base64.encode(logins.bytes))],
                ])
        }
        return world
    }

    /// How often the image was pulled once this Pod had its chance.
    private func pulls(
        _ world: World, after name: String, secret: String?, policy: String = "IfNotPresent"
    ) -> Int {
        var spec: JSON = [
            "containers": [
                [
                    "name": "web", "image": .string(image), "imagePullPolicy": .string(policy),
                ]
            ]
        ]
        if let secret { spec["imagePullSecrets"] = [["name": .string(secret)]] }
        world.apply(makePod(name, spec: spec))
        world.run(for: .seconds(2))
        return world.runtime.trace.count { $0 == "pull \(image)" }
    }

    @Test func `who has the login that it was pulled with need not ask again`() {
        let world = world()
        #expect(pulls(world, after: "first", secret: "login") == 1)
        #expect(pulls(world, after: "same", secret: "login") == 1)
        #expect(pulls(world, after: "stranger", secret: nil) == 2)
        #expect(world.runtime.logins.last == [])
    }

    @Test func `another login is shown to the registry, and then known`() {
        let world = world()
        #expect(pulls(world, after: "first", secret: "login") == 1)
        #expect(pulls(world, after: "second", secret: "other") == 2)
        #expect(pulls(world, after: "third", secret: "other") == 2)
    }

    @Test func `what the registry gives to everyone is for everyone`() {
        let world = world()
        #expect(pulls(world, after: "open", secret: nil) == 1)
        #expect(pulls(world, after: "closed", secret: "login") == 1)
        #expect(pulls(world, after: "again", secret: nil) == 1)
    }

    @Test func `who may not ask may not have it`() {
        let world = world()
        #expect(pulls(world, after: "first", secret: "login") == 1)
        #expect(pulls(world, after: "never", secret: nil, policy: "Never") == 1)
        let waiting = world.pod("never")?.status["containerStatuses"]?[0]?["state"]?["waiting"]
        #expect(waiting?["reason"] == "ErrImageNeverPull")
    }

    @Test func `a daemon that starts again knows it still`() {
        let world = world()
        #expect(pulls(world, after: "first", secret: "login") == 1)
        world.restartDaemon()
        world.run(for: .seconds(1))
        #expect(pulls(world, after: "same", secret: "login") == 1)
        #expect(pulls(world, after: "stranger", secret: nil) == 2)
    }
}
