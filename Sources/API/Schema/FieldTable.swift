/// Finds a field by its name. A dictionary would guard its hash against names that an enemy chose;
/// the names in here are our own, so a look at a few of their bytes does.
struct FieldTable: Sendable {
    private let names: [String]
    /// Positions in `names`, counted from one; zero where a slot is free.
    private let slots: [UInt16]

    init(_ names: [String]) {
        var size = 8
        while size < names.count * 2 { size *= 2 }
        var slots = [UInt16](repeating: 0, count: size)
        for (position, name) in names.enumerated() {
            var slot = Self.hash(name) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt16(clamping: position + 1)
        }
        self.names = names
        self.slots = slots
    }

    func position(of name: String) -> Int? {
        var slot = Self.hash(name) & (slots.count - 1)
        // At least half of the slots are free, so a search ends.
        while slots[slot] != 0 {
            let position = Int(slots[slot]) - 1
            if names[position] == name { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func hash(_ name: String) -> Int {
        let bytes = name.utf8.span
        guard let last = bytes.indices.last else { return 0 }
        return bytes.count &* 31 &+ Int(bytes[0]) &* 7 &+ Int(bytes[last]) &* 131
            &+ Int(bytes[last / 2]) &* 17
    }
}
