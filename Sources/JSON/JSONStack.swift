/// The entries of containers that are being read, innermost last. Those of a container that ends
/// are moved into an array of just their number, which costs neither growth nor reference counts.
///
/// Whoever has one calls ``discard()`` in the end.
struct JSONStack<Element> {
    private var base: UnsafeMutablePointer<Element>?
    private var capacity = 0
    private(set) var count = 0

    mutating func push(_ element: consuming Element) {
        if count == capacity { grow() }
        base?.advanced(by: count).initialize(to: element)
        count += 1
    }

    private mutating func grow() {
        let larger = max(32, capacity * 2)
        let fresh = UnsafeMutablePointer<Element>.allocate(capacity: larger)
        if let base {
            fresh.moveInitialize(from: base, count: count)
            base.deallocate()
        }
        base = fresh
        capacity = larger
    }

    /// Takes all entries from that one on.
    mutating func take(from start: Int) -> [Element] {
        let length = count - start
        guard let base, length > 0 else { return [] }
        count = start
        return Array(unsafeUninitializedCapacity: length) { buffer, initialized in
            buffer.baseAddress?.moveInitialize(from: base + start, count: length)
            initialized = length
        }
    }

    mutating func drop(to start: Int) {
        base?.advanced(by: start).deinitialize(count: count - start)
        count = start
    }

    mutating func discard() {
        drop(to: 0)
        base?.deallocate()
        base = nil
        capacity = 0
    }
}

extension JSONStack where Element == UInt64 {
    /// Whether one of the numbers from there on occurs twice. Of many it says so without a look.
    func holdsTwice(from start: Int) -> Bool {
        guard let base else { return false }
        guard count - start <= 64 else { return true }
        for right in start..<count {
            let mark = base[right]
            for left in start..<right where base[left] == mark { return true }
        }
        return false
    }
}
