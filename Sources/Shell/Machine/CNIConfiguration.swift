/// The network of the Pods of one machine: a bridge, and an address for each Pod out of the
/// machine's block. Pods of other machines are reached by routes, not by this.
package enum CNIConfiguration {
    /// The file's name; the runtime takes the first one of the folder by name.
    package static let fileName = "10-podmesh.conflist"

    /// The network configuration list that the runtime hands to the CNI plugins.
    ///
    /// - Parameters:
    ///   - podCIDR: the machine's block, such as `10.244.1.0/24`; its first address is the
    ///     bridge's.
    ///   - mtu: of the Pods' interfaces, not larger than the machine's own.
    package static func conflist(podCIDR: String, bridge: String, mtu: Int) -> String {
        // Traffic keeps the Pod's address on its way to other Pods, so ipMasq is off. hairpinMode
        // lets a Pod reach itself through a Service.
        """
        {
          "cniVersion": "0.4.0",
          "name": "podmesh",
          "plugins": [
            {
              "type": "bridge",
              "bridge": "\(bridge)",
              "mtu": \(mtu),
              "isGateway": true,
              "ipMasq": false,
              "hairpinMode": true,
              "ipam": {
                "type": "host-local",
                "ranges": [[{ "subnet": "\(podCIDR)" }]],
                "routes": [{ "dst": "0.0.0.0/0" }],
                "dataDir": "/run/podmesh-cni"
              }
            },
            { "type": "portmap", "capabilities": { "portMappings": true } },
            { "type": "bandwidth", "capabilities": { "bandwidth": true } }
          ]
        }

        """
    }
}
