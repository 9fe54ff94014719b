import Base
import Testing

@Suite struct InstantTests {
    @Test func `units are what they say`() {
        #expect(Span.microseconds(1).nanoseconds == 1_000)
        #expect(Span.milliseconds(1).nanoseconds == 1_000_000)
        #expect(Span.seconds(1).nanoseconds == 1_000_000_000)
        #expect(Span.minutes(1) == .seconds(60))
        #expect(Span.milliseconds(-1_500).milliseconds == -1_500)
        #expect(Span.milliseconds(1_500).seconds == 1.5)
    }

    @Test func `arithmetic saturates instead of overflowing`() {
        let longest = Span(nanoseconds: .max)
        let shortest = Span(nanoseconds: .min)
        #expect(Span.seconds(.max) == longest)
        #expect(Span.minutes(.min) == shortest)
        #expect(longest + .seconds(1) == longest)
        #expect(shortest + .seconds(-1) == shortest)
        #expect(longest - .seconds(-1) == longest)
        #expect(shortest - .seconds(1) == shortest)
        #expect(longest * 2 == longest)
        #expect(longest * -2 == shortest)
        #expect(longest.scaled(by: 2) == longest)
        #expect(longest.scaled(by: -2) == shortest)
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant.distantFuture - Instant(nanoseconds: -1) == longest)
        #expect(Instant(nanoseconds: .min) + .seconds(-1) == Instant(nanoseconds: .min))
    }

    @Test func `a sum minus its start is the span`() {
        let start = Instant(nanoseconds: 5)
        #expect(start + .milliseconds(3) - start == .milliseconds(3))
        #expect(start - (start + .seconds(1)) == .seconds(-1))
        #expect(Span.seconds(1).scaled(by: 0.25) == .milliseconds(250))
        #expect(Span.seconds(1) / 4 == .milliseconds(250))
    }
}
