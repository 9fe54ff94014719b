import Base
import Store
import Testing

@Suite struct OrderedTreeTests {
    static func key(_ number: Int) -> Key {
        let digits = String(number)
        let name = String(repeating: "0", count: 6 - digits.count) + digits
        return Key(group: "", resource: "pods", namespace: "default", name: name)
    }

    @Test(arguments: 0..<6)
    func `random writes leave a tree that agrees with a dictionary`(seed: Int) {
        var random = Random(seed: UInt64(seed))
        var tree = OrderedTree<Int>()
        var model: [Key: Int] = [:]
        let keyCount = [40, 400, 3_000][seed % 3]
        for step in 0..<4_000 {
            let key = Self.key(random.below(keyCount))
            // Phases of growth and of decline, so that nodes split and merge on every level.
            if random.chance(step / 1_000 % 2 == 0 ? 0.8 : 0.25) {
                #expect(tree.updateValue(step, forKey: key) == model.updateValue(step, forKey: key))
            } else {
                #expect(tree.removeValue(forKey: key) == model.removeValue(forKey: key))
            }
            if step % 97 == 0 { tree.checkInvariants() }
        }
        tree.checkInvariants()
        #expect(tree.count == model.count)
        var visited: [Key] = []
        tree.forEach { key, value in
            #expect(model[key] == value)
            visited.append(key)
            return true
        }
        #expect(visited == model.keys.sorted())
        for key in visited { tree.removeValue(forKey: key) }
        tree.checkInvariants()
        #expect(tree.isEmpty)
    }

    @Test func `a tree made of sorted entries at once is a whole tree that can be written`() {
        for count in Array(0...70) + [991, 992, 1_023, 1_024, 1_025, 32_767, 32_768, 40_000] {
            let entries = (0..<count).map { (key: Self.key($0), value: $0) }
            var tree = OrderedTree(ascending: entries)
            tree.checkInvariants()
            #expect(tree.count == count)
            #expect(count == 0 || tree[Self.key(count - 1)] == count - 1)
            tree.updateValue(-1, forKey: Self.key(count))
            tree.removeValue(forKey: Self.key(count / 2))
            tree.checkInvariants()
            #expect(tree.count == count || count == 0)
        }
    }

    @Test func `a copy keeps its content while the other is written`() {
        var tree = OrderedTree<Int>()
        for number in 0..<5_000 { tree.updateValue(number, forKey: Self.key(number)) }
        let copy = tree
        for number in 0..<5_000 where number % 3 == 0 { tree.removeValue(forKey: Self.key(number)) }
        for number in 5_000..<6_000 { tree.updateValue(number, forKey: Self.key(number)) }
        for number in 0..<5_000 where number % 3 == 1 {
            tree.updateValue(-1, forKey: Self.key(number))
        }
        copy.checkInvariants()
        tree.checkInvariants()
        #expect(copy.count == 5_000)
        var expected = 0
        copy.forEach { key, value in
            #expect(key == Self.key(expected) && value == expected)
            expected += 1
            return true
        }
        #expect(expected == 5_000)
        #expect(tree.count == 5_000 - 1_667 + 1_000)
    }

    @Test func `ranks and visits from any key agree with a sorted array`() {
        var tree = OrderedTree<Int>()
        for number in stride(from: 0, to: 2_000, by: 2) {
            tree.updateValue(number, forKey: Self.key(number))
        }
        for start in stride(from: 0, through: 2_000, by: 37) {
            let from = Self.key(start)
            #expect(tree.rank { $0 < from } == (start + 1) / 2)
            var found: [Int] = []
            tree.forEach(from: { $0 < from }) { _, value in
                found.append(value)
                return found.count < 50
            }
            let first = (start + 1) / 2 * 2
            #expect(found == Array(stride(from: first, to: min(2_000, first + 100), by: 2)))
        }
    }

    @Test func `keys are ordered and told apart by their bytes`() {
        let composed = Key(group: "", resource: "r", name: "\u{E9}")
        let decomposed = Key(group: "", resource: "r", name: "e\u{301}")
        #expect(composed != decomposed)
        #expect(decomposed < composed)
        #expect(Set([composed, decomposed]).count == 2)
        let ordered = [
            Key(group: "", resource: "pods", namespace: "a", name: "z"),
            Key(group: "", resource: "pods", namespace: "a-b", name: "a"),
            Key(group: "", resource: "pods", namespace: "ab", name: "a"),
            Key(group: "", resource: "services", namespace: "a", name: "a"),
            Key(group: "apps", resource: "deployments", namespace: "a", name: "a"),
        ]
        #expect(ordered.shuffledForTest().sorted() == ordered)
    }
}

extension [Key] {
    fileprivate func shuffledForTest() -> [Key] {
        var random = Random(seed: 7)
        var copy = self
        random.shuffle(&copy)
        return copy
    }
}
