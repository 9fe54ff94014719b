extension MessageNumbers {
    /// The field numbers of `k8s.io/apimachinery/pkg/apis/meta/v1`.
    @MessageListBuilder static var meta: [MessageNumbers] {
        MessageNumbers(
            .meta, "Condition",
            [
                "type": 1, "status": 2, "observedGeneration": 3, "lastTransitionTime": 4,
                "reason": 5, "message": 6,
            ])
        MessageNumbers(
            .meta, "DeleteOptions",
            [
                "gracePeriodSeconds": .kept(1), "preconditions": 2,
                "orphanDependents": .kept(3), "propagationPolicy": .kept(4), "dryRun": 5,
                "ignoreStoreReadErrorWithClusterBreakingPotential": .kept(6),
            ])
        MessageNumbers(.meta, "FieldSelectorRequirement", ["key": 1, "operator": 2, "values": 3])
        MessageNumbers(.meta, "LabelSelector", ["matchLabels": 1, "matchExpressions": 2])
        MessageNumbers(.meta, "LabelSelectorRequirement", ["key": 1, "operator": 2, "values": 3])
        MessageNumbers(
            .meta, "ManagedFieldsEntry",
            [
                "manager": 1, "operation": 2, "apiVersion": 3, "time": 4, "fieldsType": 6,
                "fieldsV1": 7, "subresource": 8,
            ])
        MessageNumbers(
            .meta, "ObjectMeta",
            [
                "name": 1, "generateName": 2, "namespace": 3, "selfLink": 4, "uid": 5,
                "resourceVersion": 6, "generation": 7, "creationTimestamp": 8,
                "deletionTimestamp": 9, "deletionGracePeriodSeconds": .kept(10), "labels": 11,
                "annotations": 12, "ownerReferences": 13, "finalizers": 14, "managedFields": 17,
            ])
        MessageNumbers(
            .meta, "OwnerReference",
            [
                "kind": 1, "name": 3, "uid": 4, "apiVersion": 5, "controller": .kept(6),
                "blockOwnerDeletion": .kept(7),
            ])
        MessageNumbers(.meta, "Preconditions", ["uid": .kept(1), "resourceVersion": .kept(2)])
    }
}
