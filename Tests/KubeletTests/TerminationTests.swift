import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct TerminationTests {
    private func requests(_ world: World, after count: Int) -> [String] {
        world.runtime.trace.dropFirst(count).filter { $0 != "prepare" }
    }

    @Test func aDeletedPodIsStoppedWithItsGraceCleanedUpAndThenRemovedFromTheAPI() {
        let world = World()
        world.apply(makePod())
        world.run(for: .seconds(1))
        let before = world.runtime.trace.count
        world.delete("web")
        world.run(for: .seconds(1))
        #expect(
            requests(world, after: before) == [
                "stop web 30", "exit web 143", "stopSandbox", "removeSandbox", "removeDirectory",
            ])
        #expect(world.pod("web") == nil)
        #expect(world.runtime.sandboxes.isEmpty)
        #expect(world.events.contains { $0 == ("Killing", "Stopping container web") })
    }

    @Test func preStopRunsFirstAndItsTimeCountsAgainstTheGrace() {
        let world = World()
        world.apply(
            makePod(spec: [
                "containers": [
                    [
                        "name": "web", "image": "busybox",
                        "lifecycle": ["preStop": ["sleep": ["seconds": 10]]],
                    ]
                ]
            ]))
        world.run(for: .seconds(1))
        let before = world.runtime.trace.count
        world.delete("web")
        world.run(for: .seconds(9))
        #expect(requests(world, after: before) == [])
        world.run(for: .seconds(2))
        #expect(requests(world, after: before).first == "stop web 20")
    }

    @Test func aHookThatOutlastsTheGraceLeavesTwoSecondsForTerm() {
        let world = World()
        world.apply(
            makePod(spec: [
                "terminationGracePeriodSeconds": 5,
                "containers": [
                    [
                        "name": "web", "image": "busybox",
                        "lifecycle": ["preStop": ["sleep": ["seconds": 60]]],
                    ]
                ],
            ]))
        world.run(for: .seconds(1))
        world.runtime.behaviours["web"] = .init(ignoresTerm: true)
        let before = world.runtime.trace.count
        world.delete("web", grace: 5)
        world.run(for: .seconds(6))
        #expect(requests(world, after: before) == ["stop web 2"])
        world.run(for: .seconds(3))
        #expect(world.pod("web") == nil)
    }

    @Test func anExecHookRunsInTheContainerBeforeTerm() {
        let world = World()
        let hook: JSON = ["exec": ["command": ["/bin/drain", "now"]]]
        world.apply(
            makePod(spec: [
                "containers": [
                    ["name": "web", "image": "busybox", "lifecycle": ["preStop": hook]]
                ]
            ]))
        world.run(for: .seconds(1))
        let before = world.runtime.trace.count
        world.delete("web")
        world.run(for: .seconds(1))
        let expected = ["exec web /bin/drain now", "stop web 30"]
        #expect(requests(world, after: before).prefix(2) == expected[...])
    }

    @Test func aSecondDeletionWithLessGraceHastensTheStop() {
        let world = World()
        world.apply(makePod())
        world.run(for: .seconds(1))
        world.runtime.behaviours["web"] = .init(ignoresTerm: true)
        world.delete("web")
        world.run(for: .seconds(1))
        world.delete("web", grace: 3)
        world.run(for: .seconds(5))
        #expect(world.runtime.trace.contains("stop web 3"))
        #expect(world.pod("web") == nil)
    }

    @Test func aForceDeletedPodIsEndedSoonAndAnotherOfItsNameMayFollow() {
        let world = World()
        world.runtime.behaviours["web"] = .init(ignoresTerm: true)
        world.apply(makePod())
        world.run(for: .seconds(1))
        world.forceDelete("web")
        world.apply(makePod(uid: "uid-second"))
        world.run(for: .seconds(5))
        #expect(world.marks.contains("pod force-deleted"))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.runtime.sandboxes.values.map(\.podUID) == ["uid-second"])
        #expect(world.illegal.isEmpty)
    }

    @Test func aPodDeletedWhileItStartsLeavesNothing() {
        for milliseconds in stride(from: 0, through: 140, by: 7) {
            let world = World()
            world.run(for: .seconds(1))
            world.apply(makePod())
            world.run(for: .milliseconds(Int64(milliseconds)))
            world.delete("web")
            world.run(for: .seconds(5))
            #expect(world.pod("web") == nil, "deleted after \(milliseconds) ms")
            #expect(world.runtime.sandboxes.isEmpty)
            #expect(world.runtime.containers.isEmpty)
            #expect(world.illegal.isEmpty)
        }
    }

    @Test func aFinishedPodIsRemovedWithoutAnotherStop() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1))
        world.apply(makePod(spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(3))
        #expect(world.phases["web"]?.last == "Succeeded")
        world.delete("web")
        world.run(for: .seconds(1))
        #expect(world.pod("web") == nil)
        #expect(!world.runtime.trace.contains { $0.hasPrefix("stop web") })
    }

    @Test func aMachineThatLosesItsLeaseStopsItsPodsAndStartsThemAgainWithIt() {
        let world = World()
        world.apply(makePod())
        world.run(for: .seconds(1))
        world.send(.leaseHeld(false))
        world.run(for: .seconds(2))
        #expect(!world.runtime.containers.values.contains { $0.state.phase == .running })
        #expect(world.pod("web")?.isReady == false)
        world.send(.leaseHeld(true))
        world.run(for: .seconds(2))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 1)
    }
}
