import JSON
import Objects

/// The types of `k8s.io/apimachinery/pkg/apis/meta/v1`.
enum MetaV1 {
    static let ownerReference = ObjectSchema(
        .meta, "OwnerReference",
        "Names an object in the same namespace that this one belongs to and goes with.",
        isAtomic: true
    ) {
        Field("apiVersion", .string, "Group and version of the owner.", required: true)
        Field(
            "blockOwnerDeletion", .boolean,
            "Whether an owner that is deleted in the foreground waits until this object is gone.")
        Field(
            "controller", .boolean,
            "Whether the owner is the controller that manages this object.")
        Field("kind", .string, "Kind of the owner.", required: true)
        Field("name", .string, "Name of the owner.", required: true)
        Field("uid", .string, "UID of the owner.", required: true)
    }

    static let managedFieldsEntry = ObjectSchema(
        .meta, "ManagedFieldsEntry", "The set of fields that one manager has set last."
    ) {
        Field("apiVersion", .string, "Version in which the fields are written.")
        Field("fieldsType", .string, "Format of the field set; FieldsV1 is the only one.")
        Field("fieldsV1", .any, "The fields, as a tree of their names.")
        Field("manager", .string, "Name of the manager.")
        Field("operation", .string, "Apply or Update.")
        Field("subresource", .string, "The subresource through which the fields were set.")
        Field("time", .time, "When the manager last changed the set.")
    }

    static let objectMeta = ObjectSchema(
        .meta, "ObjectMeta", "What every stored object has: its names, labels and history."
    ) {
        Field("annotations", .stringMap, "Free text for tools and people, by name.")
        Field(
            "creationTimestamp", .time, "When the object was created; set by the server.")
        Field(
            "deletionGracePeriodSeconds", .int64,
            "How many seconds the object has to end by itself once it is deleted.")
        Field(
            "deletionTimestamp", .time,
            "When the object will be gone, set by the server once its deletion is asked for.")
        Field(
            "finalizers", .list(of: .string, ListMerge(.set, isPatchMerged: true)),
            "What must still happen before a deleted object goes; empty lists let it go.")
        Field(
            "generateName", .string,
            "A prefix from which the server makes a unique name when none is given.")
        Field("generation", .int64, "Counts the changes of the desired state.")
        Field("labels", .stringMap, "Names and values by which objects are selected.")
        Field(
            "managedFields", .atomicList(managedFieldsEntry),
            "Which manager set which field; kept by the server for server-side apply.")
        Field("name", .string, "Name of the object, unique in its namespace; it never changes.")
        Field("namespace", .string, "Namespace of the object; cluster-wide objects have none.")
        Field(
            "ownerReferences", .list(ownerReference, by: "uid"),
            "The objects that this one belongs to; it is collected when all of them are gone.")
        Field(
            "resourceVersion", .string,
            "Version of the stored object, opaque to clients; a write may demand it.")
        Field("selfLink", .string, "No longer set.")
        Field("uid", .string, "Identity of the object in time and space; set by the server.")
    }

    static let labelSelectorRequirement = ObjectSchema(
        .meta, "LabelSelectorRequirement", "A demand on one label."
    ) {
        Field("key", .string, "The label's name.", required: true)
        Field(
            "operator", .string, "In, NotIn, Exists or DoesNotExist.", required: true)
        Field("values", .strings, "What In and NotIn compare with; empty for the others.")
    }

    static let labelSelector = ObjectSchema(
        .meta, "LabelSelector",
        "Selects objects by their labels: all demands must hold, and none selects everything.",
        isAtomic: true
    ) {
        Field(
            "matchExpressions", .atomicList(labelSelectorRequirement), "Demands by operator.")
        Field("matchLabels", .stringMap, "Labels that must have exactly these values.")
    }

    /// `apiVersion`, `kind` and `metadata`, which every stored type begins with.
    static let header: [Field] = [
        Field("apiVersion", .string, "Group and version of the type of this document."),
        Field("kind", .string, "The type of this document."),
        Field("metadata", objectMeta, "Names, labels and history of the object."),
    ]
}
