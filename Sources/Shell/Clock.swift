package import Base
import Glibc

extension WallTime {
    /// The machine's calendar clock now.
    package static var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }
}

extension Instant {
    /// The machine's monotonic clock now. It counts on while the machine is suspended: a leader's
    /// lease and a watcher's patience end in that time, too.
    package static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
