/// What the text of a string field must look like.
package enum StringFormat: Sendable, Equatable {
    case plain
    /// RFC 1123 label: lower case, digits and dashes, at most 63 characters.
    case dnsLabel
    /// RFC 1123 subdomain: labels joined by dots, at most 253 characters.
    case dnsSubdomain
    /// RFC 1035 label: as ``dnsLabel``, but it begins with a letter.
    case dns1035Label
    /// `[prefix/]name`: the key of a label, an annotation or a taint.
    case qualifiedName
    case labelValue
    /// The name of an environment variable: printable ASCII but `=`.
    case environmentName
    /// A key of a ConfigMap or Secret, which is also a file's name.
    case configKey
    case ipAddress
    /// Anything that can be one part of a path, as the names of roles are.
    case pathSegment
}
