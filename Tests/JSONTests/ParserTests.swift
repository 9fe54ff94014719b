import Base
import JSON
import Testing

@Suite struct ParserTests {
    @Test(arguments: [
        ("null", JSON.null), (" true ", .bool(true)), ("false", .bool(false)),
        ("0", .integer(0)), ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
        ("1.5", .number(1.5)), ("1e3", .number(1_000)), ("-2.5E-2", .number(-0.025)),
        ("\"\"", ""), ("\"a\\u0041\\n\\/\"", "aA\n/"), ("\"\\ud83d\\ude00\"", "😀"),
        ("\"\\ud83dx\"", "\u{FFFD}x"), ("\"\\ud83d\\u0041\"", "\u{FFFD}A"), ("\"é😀\"", "é😀"),
        ("[]", .array([])), ("[1,[2,{}]]", .array([1, .array([2, .object([:])])])),
        ("{\"a\":{\"b\":[null]}}", .object(["a": ["b": .array([.null])]])),
    ])
    func everyKindOfValueIsRead(text: String, expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
    }

    @Test(arguments: [
        ("", "unexpected end of JSON input", 0),
        ("  ", "unexpected end of JSON input", 2),
        ("{", "unexpected end of JSON input", 1),
        ("{\"a\"", "unexpected end of JSON input", 4),
        ("[1,", "unexpected end of JSON input", 3),
        ("\"abc", "unexpected end of JSON input", 4),
        ("tru", "unexpected end of JSON input", 3),
        ("-", "unexpected end of JSON input", 1),
        ("1.", "unexpected end of JSON input", 2),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string", 1),
        ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string", 7),
        ("{\"a\" 1}", "invalid character '1' after object key", 5),
        ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair", 7),
        ("[1 2]", "invalid character '2' after array element", 3),
        ("[1,]", "invalid character ']' looking for beginning of value", 3),
        ("1 2", "invalid character '2' after top-level value", 2),
        ("trux", "invalid character 'x' in literal true (expecting 'e')", 3),
        ("01", "invalid character '1' after top-level value", 1),
        ("+1", "invalid character '+' looking for beginning of value", 0),
        ("-a", "invalid character 'a' in numeric literal", 1),
        ("1.x", "invalid character 'x' after decimal point in numeric literal", 2),
        ("1ex", "invalid character 'x' in exponent of numeric literal", 2),
        ("\"a\nb\"", "invalid character '\\n' in string literal", 2),
        ("\"\\x\"", "invalid character 'x' in string escape code", 2),
        ("\"\\u00g0\"", "invalid character 'g' in \\u hexadecimal character escape", 5),
        ("'a'", "invalid character '\\'' looking for beginning of value", 0),
        ("1e999", "number 1e999 is out of range", 0),
        ("NaN", "invalid character 'N' looking for beginning of value", 0),
    ])
    func errorsAreWordedAsGoWordsThem(text: String, message: String, offset: Int) {
        #expect(throws: JSONError(message, offset: offset)) { try JSON(parsing: text) }
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        let bodies: [[UInt8]] = [[0xFF], [0xC0, 0x80], [0x5C, 0x6E, 0xE2]]
        for raw in bodies.map({ [0x22] + $0 + [0x22] }) {
            #expect(throws: JSONError.self) { try JSON(parsing: raw) }
        }
    }

    @Test func nestingHasALimit() throws {
        let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        _ = try JSON(parsing: deep)
        #expect(throws: JSONError("exceeded max depth", offset: 512)) {
            try JSON(parsing: "[" + deep + "]")
        }
        let open = String(repeating: "[{\"a\":", count: 99_999)
        #expect(throws: JSONError.self) { try JSON(parsing: open) }
    }

    @Test func sizeHasALimit() {
        let error = JSONError("document of 6 bytes exceeds the limit of 5", offset: 5)
        #expect(throws: error) { try JSON(parsing: "\"1234\"", limits: JSONLimits(bytesMax: 5)) }
    }

    @Test func duplicateNamesAreReportedAndTheLastWins() throws {
        let text = #"{"a":1,"spec":{"list":[{"n":1},{"n":1,"n":2}],"x":1,"x":{"y":1,"y":2}},"a":2}"#
        let result = try JSON.parseReportingDuplicates(Array(text.utf8))
        #expect(result.duplicates == ["spec.list[1].n", "spec.x.y", "spec.x", "a"])
        #expect(result.value.text == #"{"a":2,"spec":{"list":[{"n":1},{"n":2}],"x":{"y":2}}}"#)
    }

    @Test func largeObjectsKeepOrderAndFindMembers() throws {
        let names = (0..<1_000).map { "name-\($0 * 7919 % 1_000)" }
        let text = "{" + names.map { "\"\($0)\":\"\($0)\"" }.joined(separator: ",") + "}"
        var json = try JSON(parsing: text)
        #expect(json.object?.names == names)
        #expect(names.allSatisfy { json[$0]?.string == $0 })
        json[names[500]] = nil
        #expect(json.object?.count == 999)
        #expect(json[names[501]]?.string == names[501])
    }

    @Test(arguments: [
        "{\"b\":1,\"a\":[true,false,null,-5,1.5,\"x\"],\"c\":{}}", "[]", "1e+20", "5e-324", "0.1",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u2028\\u2029<>&é\"",
    ])
    func writtenTextIsCompactAndKeepsOrder(text: String) throws {
        #expect(try JSON(parsing: text).text == text)
    }

    @Test func infinityIsWrittenAsNull() {
        #expect(JSON.number(.infinity).text == "null")
    }

    @Test func randomValuesSurviveARoundTrip() throws {
        var random = Random(seed: 7)
        for _ in 0..<300 {
            let value = Self.value(&random, depth: 0)
            #expect(try JSON(parsing: value.bytes) == value)
        }
    }

    @Test func damagedTextIsRefusedOrReadButNeverTraps() throws {
        var random = Random(seed: 11)
        var refused = 0
        for _ in 0..<3_000 {
            var bytes = Self.value(&random, depth: 0).bytes
            for _ in 0...random.below(4) {
                let position = random.below(bytes.count + 1)
                switch random.below(3) {
                case 0: bytes.insert(UInt8(random.below(256)), at: position)
                case 1: bytes.removeSubrange(position..<min(bytes.count, position + 2))
                default: bytes = Array(bytes.prefix(position))
                }
            }
            guard let value = try? JSON(parsing: bytes) else {
                refused += 1
                continue
            }
            #expect(try JSON(parsing: value.bytes) == value)
        }
        #expect(refused > 1_000)
    }

    private static func value(_ random: inout Random, depth: Int) -> JSON {
        switch random.below(depth > 4 ? 6 : 8) {
        case 0: return .null
        case 1: return .bool(random.chance(0.5))
        case 2: return .integer(Int64(bitPattern: random.next()) >> random.below(64))
        case 3: return .number(random.fraction() * 1e9 + 0.5)
        case 4, 5:
            let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{1}", "é", "😀", "\u{2028}"]
            var text = ""
            for _ in 0..<random.below(20) {
                text.unicodeScalars.append(scalars[random.below(scalars.count)])
            }
            return .string(text)
        case 6:
            return .array((0..<random.below(5)).map { _ in value(&random, depth: depth + 1) })
        default:
            var object = JSONObject()
            for _ in 0..<random.below(24) {
                object["m\(random.below(30))"] = value(&random, depth: depth + 2)
            }
            return .object(object)
        }
    }
}
