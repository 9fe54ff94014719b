extension MessageNumbers {
    /// The field numbers of what a Pod asks for: `PodSpec` without its volumes.
    @MessageListBuilder static var pods: [MessageNumbers] {
        MessageNumbers(
            .core, "Affinity", ["nodeAffinity": 1, "podAffinity": 2, "podAntiAffinity": 3])
        MessageNumbers(.core, "AppArmorProfile", ["type": 1, "localhostProfile": .kept(2)])
        MessageNumbers(.core, "Capabilities", ["add": 1, "drop": 2])
        MessageNumbers(
            .core, "ConfigMapEnvSource",
            ["localObjectReference": .embedded(1, "LocalObjectReference"), "optional": .kept(2)])
        MessageNumbers(
            .core, "ConfigMapKeySelector",
            [
                "localObjectReference": .embedded(1, "LocalObjectReference"), "key": 2,
                "optional": .kept(3),
            ])
        MessageNumbers(
            .core, "Container",
            [
                "name": 1, "image": 2, "command": 3, "args": 4, "workingDir": 5, "ports": 6,
                "env": 7, "resources": 8, "volumeMounts": 9, "livenessProbe": 10,
                "readinessProbe": 11, "lifecycle": 12, "terminationMessagePath": 13,
                "imagePullPolicy": 14, "securityContext": 15, "stdin": 16, "stdinOnce": 17,
                "tty": 18, "envFrom": 19, "terminationMessagePolicy": 20, "volumeDevices": 21,
                "startupProbe": 22, "resizePolicy": 23, "restartPolicy": .kept(24),
                "restartPolicyRules": 25,
            ])
        MessageNumbers(
            .core, "ContainerPort",
            ["name": 1, "hostPort": 2, "containerPort": 3, "protocol": 4, "hostIP": 5])
        MessageNumbers(.core, "ContainerResizePolicy", ["resourceName": 1, "restartPolicy": 2])
        MessageNumbers(.core, "ContainerRestartRule", ["action": 1, "exitCodes": 2])
        MessageNumbers(.core, "ContainerRestartRuleOnExitCodes", ["operator": 1, "values": 2])
        MessageNumbers(.core, "EnvFromSource", ["prefix": 1, "configMapRef": 2, "secretRef": 3])
        MessageNumbers(.core, "EnvVar", ["name": 1, "value": 2, "valueFrom": 3])
        MessageNumbers(
            .core, "EnvVarSource",
            [
                "fieldRef": 1, "resourceFieldRef": 2, "configMapKeyRef": 3, "secretKeyRef": 4,
                "fileKeyRef": 5,
            ])
        MessageNumbers(
            .core, "EphemeralContainer",
            [
                "ephemeralContainerCommon": .embedded(1, "EphemeralContainerCommon"),
                "targetContainerName": 2,
            ])
        MessageNumbers(
            .core, "EphemeralContainerCommon",
            [
                "name": 1, "image": 2, "command": 3, "args": 4, "workingDir": 5, "ports": 6,
                "env": 7, "resources": 8, "volumeMounts": 9, "livenessProbe": 10,
                "readinessProbe": 11, "lifecycle": 12, "terminationMessagePath": 13,
                "imagePullPolicy": 14, "securityContext": 15, "stdin": 16, "stdinOnce": 17,
                "tty": 18, "envFrom": 19, "terminationMessagePolicy": 20, "volumeDevices": 21,
                "startupProbe": 22, "resizePolicy": 23, "restartPolicy": .kept(24),
                "restartPolicyRules": 25,
            ])
        MessageNumbers(.core, "ExecAction", ["command": 1])
        MessageNumbers(
            .core, "FileKeySelector",
            ["volumeName": 1, "path": 2, "key": 3, "optional": .kept(4)])
        MessageNumbers(.core, "GRPCAction", ["port": 1, "service": .kept(2)])
        MessageNumbers(
            .core, "HTTPGetAction",
            ["path": 1, "port": 2, "host": 3, "scheme": 4, "httpHeaders": 5])
        MessageNumbers(.core, "HTTPHeader", ["name": 1, "value": .kept(2)])
        MessageNumbers(.core, "HostAlias", ["ip": 1, "hostnames": 2])
        MessageNumbers(
            .core, "Lifecycle", ["postStart": 1, "preStop": 2, "stopSignal": .kept(3)])
        MessageNumbers(
            .core, "LifecycleHandler", ["exec": 1, "httpGet": 2, "tcpSocket": 3, "sleep": 4])
        MessageNumbers(.core, "LocalObjectReference", ["name": 1])
        MessageNumbers(
            .core, "NodeAffinity",
            [
                "requiredDuringSchedulingIgnoredDuringExecution": 1,
                "preferredDuringSchedulingIgnoredDuringExecution": 2,
            ])
        MessageNumbers(.core, "NodeSelector", ["nodeSelectorTerms": 1])
        MessageNumbers(.core, "NodeSelectorRequirement", ["key": 1, "operator": 2, "values": 3])
        MessageNumbers(.core, "NodeSelectorTerm", ["matchExpressions": 1, "matchFields": 2])
        MessageNumbers(.core, "ObjectFieldSelector", ["apiVersion": 1, "fieldPath": 2])
        MessageNumbers(
            .core, "ObjectReference",
            [
                "kind": 1, "namespace": 2, "name": 3, "uid": 4, "apiVersion": 5,
                "resourceVersion": 6, "fieldPath": 7,
            ])
        MessageNumbers(
            .core, "PodAffinity",
            [
                "requiredDuringSchedulingIgnoredDuringExecution": 1,
                "preferredDuringSchedulingIgnoredDuringExecution": 2,
            ])
        MessageNumbers(
            .core, "PodAffinityTerm",
            [
                "labelSelector": 1, "namespaces": 2, "topologyKey": 3, "namespaceSelector": 4,
                "matchLabelKeys": 5, "mismatchLabelKeys": 6,
            ])
        MessageNumbers(
            .core, "PodAntiAffinity",
            [
                "requiredDuringSchedulingIgnoredDuringExecution": 1,
                "preferredDuringSchedulingIgnoredDuringExecution": 2,
            ])
        MessageNumbers(.core, "PodDNSConfig", ["nameservers": 1, "searches": 2, "options": 3])
        MessageNumbers(.core, "PodDNSConfigOption", ["name": 1, "value": .kept(2)])
        MessageNumbers(.core, "PodOS", ["name": 1])
        MessageNumbers(.core, "PodReadinessGate", ["conditionType": 1])
        MessageNumbers(
            .core, "PodResourceClaim",
            ["name": 1, "resourceClaimName": .kept(3), "resourceClaimTemplateName": .kept(4)])
        MessageNumbers(.core, "PodSchedulingGate", ["name": 1])
        MessageNumbers(
            .core, "PodSecurityContext",
            [
                "seLinuxOptions": 1, "runAsUser": .kept(2), "runAsNonRoot": .kept(3),
                "supplementalGroups": 4, "fsGroup": .kept(5), "runAsGroup": .kept(6),
                "sysctls": 7, "windowsOptions": 8, "fsGroupChangePolicy": .kept(9),
                "seccompProfile": 10, "appArmorProfile": 11,
                "supplementalGroupsPolicy": .kept(12), "seLinuxChangePolicy": .kept(13),
            ])
        MessageNumbers(
            .core, "PodSpec",
            [
                "volumes": 1, "containers": 2, "restartPolicy": 3,
                "terminationGracePeriodSeconds": .kept(4), "activeDeadlineSeconds": .kept(5),
                "dnsPolicy": 6, "nodeSelector": 7, "serviceAccountName": 8, "serviceAccount": 9,
                "nodeName": 10, "hostNetwork": 11, "hostPID": 12, "hostIPC": 13,
                "securityContext": 14, "imagePullSecrets": 15, "hostname": 16, "subdomain": 17,
                "affinity": 18, "schedulerName": 19, "initContainers": 20,
                "automountServiceAccountToken": .kept(21), "tolerations": 22, "hostAliases": 23,
                "priorityClassName": 24, "priority": .kept(25), "dnsConfig": 26,
                "shareProcessNamespace": .kept(27), "readinessGates": 28,
                "runtimeClassName": .kept(29), "enableServiceLinks": .kept(30),
                "preemptionPolicy": .kept(31), "overhead": 32, "topologySpreadConstraints": 33,
                "ephemeralContainers": 34, "setHostnameAsFQDN": .kept(35), "os": 36,
                "hostUsers": .kept(37), "schedulingGates": 38, "resourceClaims": 39,
                "resources": 40, "hostnameOverride": .kept(41),
            ])
        MessageNumbers(.core, "PreferredSchedulingTerm", ["weight": 1, "preference": 2])
        MessageNumbers(
            .core, "Probe",
            [
                "handler": .embedded(1, "ProbeHandler"), "initialDelaySeconds": 2,
                "timeoutSeconds": 3, "periodSeconds": 4, "successThreshold": 5,
                "failureThreshold": 6, "terminationGracePeriodSeconds": .kept(7),
            ])
        MessageNumbers(.core, "ProbeHandler", ["exec": 1, "httpGet": 2, "tcpSocket": 3, "grpc": 4])
        MessageNumbers(.core, "ResourceClaim", ["name": 1, "request": 2])
        MessageNumbers(
            .core, "ResourceFieldSelector", ["containerName": 1, "resource": 2, "divisor": 3])
        MessageNumbers(.core, "ResourceRequirements", ["limits": 1, "requests": 2, "claims": 3])
        MessageNumbers(.core, "SELinuxOptions", ["user": 1, "role": 2, "type": 3, "level": 4])
        MessageNumbers(.core, "SeccompProfile", ["type": 1, "localhostProfile": .kept(2)])
        MessageNumbers(
            .core, "SecretEnvSource",
            ["localObjectReference": .embedded(1, "LocalObjectReference"), "optional": .kept(2)])
        MessageNumbers(
            .core, "SecretKeySelector",
            [
                "localObjectReference": .embedded(1, "LocalObjectReference"), "key": 2,
                "optional": .kept(3),
            ])
        MessageNumbers(
            .core, "SecurityContext",
            [
                "capabilities": 1, "privileged": .kept(2), "seLinuxOptions": 3,
                "runAsUser": .kept(4), "runAsNonRoot": .kept(5),
                "readOnlyRootFilesystem": .kept(6), "allowPrivilegeEscalation": .kept(7),
                "runAsGroup": .kept(8), "procMount": .kept(9), "windowsOptions": 10,
                "seccompProfile": 11, "appArmorProfile": 12,
            ])
        MessageNumbers(.core, "SleepAction", ["seconds": 1])
        MessageNumbers(.core, "Sysctl", ["name": 1, "value": 2])
        MessageNumbers(.core, "TCPSocketAction", ["port": 1, "host": 2])
        MessageNumbers(
            .core, "Toleration",
            ["key": 1, "operator": 2, "value": 3, "effect": 4, "tolerationSeconds": .kept(5)])
        MessageNumbers(
            .core, "TopologySpreadConstraint",
            [
                "maxSkew": 1, "topologyKey": 2, "whenUnsatisfiable": 3, "labelSelector": 4,
                "minDomains": .kept(5), "nodeAffinityPolicy": .kept(6),
                "nodeTaintsPolicy": .kept(7), "matchLabelKeys": 8,
            ])
        MessageNumbers(.core, "VolumeDevice", ["name": 1, "devicePath": 2])
        MessageNumbers(
            .core, "VolumeMount",
            [
                "name": 1, "readOnly": 2, "mountPath": 3, "subPath": 4,
                "mountPropagation": .kept(5), "subPathExpr": 6, "recursiveReadOnly": .kept(7),
            ])
        MessageNumbers(.core, "WeightedPodAffinityTerm", ["weight": 1, "podAffinityTerm": 2])
        MessageNumbers(
            .core, "WindowsSecurityContextOptions",
            [
                "gmsaCredentialSpecName": .kept(1), "gmsaCredentialSpec": .kept(2),
                "runAsUserName": .kept(3), "hostProcess": .kept(4),
            ])
    }
}
