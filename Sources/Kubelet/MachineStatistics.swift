package import Base

/// What a machine and its Pods use at one moment.
package struct MachineStatistics: Sendable, Equatable {
    package struct Memory: Sendable, Equatable {
        package var capacityBytes: Int64 = 0
        package var availableBytes: Int64 = 0

        package init() {}
    }

    package struct FileSystem: Sendable, Equatable {
        package var capacityBytes: Int64 = 0
        package var availableBytes: Int64 = 0
        package var inodes: Int64 = 0
        package var inodesFree: Int64 = 0

        package init() {}
    }

    /// When it was read.
    package var time: WallTime
    /// Processor time of the whole machine since its start.
    package var cpuNanoseconds: UInt64 = 0
    package var memory = Memory()
    /// The file system of Pods' folders and logs.
    package var nodeFileSystem = FileSystem()
    /// The file system of images and of what containers write.
    package var imageFileSystem = FileSystem()
    package var processesMax: Int64 = 0
    package var processes: Int64 = 0
    /// By Pod UID, then by container name.
    package var pods: [String: [String: ContainerStatistics]] = [:]
    /// Bytes below each folder that was asked for.
    package var folders: [String: Int64] = [:]

    package init(time: WallTime) { self.time = time }
}

/// What one container uses.
package struct ContainerStatistics: Sendable, Equatable {
    /// Processor time since the container's start.
    package var cpuNanoseconds: UInt64
    /// Memory that cannot be taken back without harm.
    package var workingSetBytes: Int64
    /// What it has written over its image.
    package var writtenBytes: Int64

    package init(cpuNanoseconds: UInt64, workingSetBytes: Int64, writtenBytes: Int64) {
        self.cpuNanoseconds = cpuNanoseconds
        self.workingSetBytes = workingSetBytes
        self.writtenBytes = writtenBytes
    }
}
