import API
import Base
import JSON
import Objects
import Testing

/// The rows of the resources beyond Pods, Services and Deployments.
@Suite struct GroupTableTests {
    private struct Row: Sendable, CustomStringConvertible {
        let resource: Resource
        let document: String
        let cells: String

        init(_ resource: Resource, _ document: String, _ cells: String) {
            self.resource = resource
            self.document = document
            self.cells = cells
        }

        var description: String { "\(resource) → \(cells)" }
    }

    private static let workloads = [
        Row(
            .statefulSets,
            #"""
            {"spec":{"replicas":3,
             "template":{"spec":{"containers":[{"name":"c","image":"i"}]}}},
             "status":{"readyReplicas":2}}
            """#,
            #"["x","2/3","10m","c","i"]"#),
        Row(
            .daemonSets,
            #"""
            {"spec":{"selector":{"matchLabels":{"app":"web"}},
             "template":{"spec":{"nodeSelector":{"a":"b"},
               "containers":[{"name":"c","image":"i"}]}}},
             "status":{"desiredNumberScheduled":3,"numberReady":1}}
            """#,
            #"["x",3,0,1,0,0,"a=b","10m","c","i","app=web"]"#),
        Row(
            .jobs,
            #"""
            {"spec":{"completions":3},
             "status":{"succeeded":1,"startTime":"2026-11-21T06:05:00Z"}}
            """#,
            #"["x","Running","1/3","5m","10m","","","<none>"]"#),
        Row(
            .jobs,
            #"""
            {"spec":{"completions":1},
             "status":{"succeeded":1,"startTime":"2026-11-21T06:05:00Z",
             "completionTime":"2026-11-21T06:05:07Z",
             "conditions":[{"type":"Complete","status":"True"}]}}
            """#,
            #"["x","Complete","1/1","7s","10m","","","<none>"]"#),
        Row(
            .cronJobs,
            #"""
            {"spec":{"schedule":"* * * * *","suspend":true},
             "status":{"lastScheduleTime":"2026-11-21T06:09:00Z"}}
            """#,
            #"["x","* * * * *","<none>","True",0,"60s","10m","","","<none>"]"#),
        Row(
            .horizontalPodAutoscalers,
            #"""
            {"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"minReplicas":1,
             "maxReplicas":5,"metrics":[{"type":"Resource","resource":{"name":"cpu",
             "target":{"type":"Utilization","averageUtilization":80}}}]}}
            """#,
            #"["x","Deployment/d","cpu: <unknown>/80%","1",5,0,"10m"]"#),
    ]

    private static let others = [
        Row(
            .persistentVolumes,
            #"""
            {"spec":{"capacity":{"storage":"1Gi"},"volumeMode":"Block",
             "accessModes":["ReadWriteMany","ReadWriteOnce"],
             "persistentVolumeReclaimPolicy":"Retain","claimRef":{"namespace":"n","name":"c"}},
             "status":{"phase":"Bound"}}
            """#,
            #"["x","1Gi","RWO,RWX","Retain","Bound","n/c","","<unset>","","10m","Block"]"#),
        Row(
            .persistentVolumeClaims,
            #"{"spec":{"storageClassName":"fast"},"status":{"phase":"Pending"}}"#,
            #"["x","Pending","","","","fast","<unset>","10m","<unset>"]"#),
        Row(
            .storageClasses,
            #"""
            {"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},
             "provisioner":"p","reclaimPolicy":"Delete","volumeBindingMode":"Immediate"}
            """#,
            #"["x (default)","p","Delete","Immediate",false,"10m"]"#),
        Row(
            .ingresses,
            #"""
            {"spec":{"ingressClassName":"c","tls":[{}],
             "rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"}]}}
            """#,
            #"["x","c","a,b,c + 1 more...","","80, 443","10m"]"#),
        Row(
            .resourceQuotas,
            #"{"status":{"hard":{"pods":"4","limits.cpu":"2"},"used":{"pods":"1"}}}"#,
            #"["x","pods: 1/4","limits.cpu: 0/2","10m"]"#),
        Row(
            .roleBindings,
            #"""
            {"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"u"},
             {"kind":"ServiceAccount","namespace":"n","name":"s"}]}
            """#,
            #"["x","Role/r","10m","u","","n/s"]"#),
        Row(
            .podDisruptionBudgets,
            #"{"spec":{"minAvailable":"50%"},"status":{"disruptionsAllowed":1}}"#,
            #"["x","50%","N/A",1,"10m"]"#),
        Row(
            .certificateSigningRequests,
            #"""
            {"spec":{"signerName":"a/b","username":"u"},"status":{"certificate":"eA==",
             "conditions":[{"type":"Approved","status":"True"}]}}
            """#,
            #"["x","10m","a/b","u","<none>","Approved,Issued"]"#),
    ]

    @Test(arguments: workloads + others)
    private func aRowShowsWhatMatters(_ row: Row) throws {
        let now = try #require(WallTime(rfc3339: "2026-11-21T06:10:00Z"))
        let definition = try #require(ResourceRegistry.builtIn[row.resource])
        var document = try JSON(parsing: row.document)
        document[path: ["metadata", "name"]] = "x"
        document[path: ["metadata", "creationTimestamp"]] = "2026-11-21T06:00:00Z"
        #expect(try JSON.array(definition.cells(document, now: now)) == JSON(parsing: row.cells))
    }

    @Test func everyResourceHasACellForEachColumn() throws {
        let now = try #require(WallTime(rfc3339: "2026-11-21T06:10:00Z"))
        for definition in ResourceRegistry.builtIn.definitions {
            let cells = definition.cells(["metadata": ["name": "x"]], now: now)
            #expect(cells.count == definition.columns.count, "\(definition.resource)")
        }
    }
}
