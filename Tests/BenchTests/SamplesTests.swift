import Bench
import Testing

@Suite struct SamplesTests {
    @Test func `a percentile is the sample of the nearest rank`() {
        var samples = Samples([15, 20, 35, 40, 50])
        #expect(samples.percentile(5) == 15)
        #expect(samples.percentile(30) == 20)
        #expect(samples.percentile(40) == 20)
        #expect(samples.percentile(50) == 35)
        #expect(samples.percentile(100) == 50)
    }

    @Test func `ranks outside of 0 to 100 are the ends`() {
        var samples = Samples([3, 1, 2])
        #expect(samples.percentile(-1) == 1)
        #expect(samples.percentile(101) == 3)
        #expect(samples.minimum() == 1)
        #expect(samples.maximum() == 3)
    }

    @Test func `of an even number of samples the median is the mean of the middle two`() {
        var even = Samples([4, 1, 3, 2])
        #expect(even.median() == 2.5)
        var odd = Samples([9, 1, 5])
        #expect(odd.median() == 5)
    }

    @Test func `nothing measured has no figure`() {
        var none = Samples()
        #expect(none.median() == nil)
        #expect(none.percentile(99) == nil)
    }

    @Test func `a rate of syncs is that of the mean, not of the median`() {
        #expect(Samples([1, 1, 4]).mean() == 2)
        #expect(SyncRate.rate(of: Samples([1, 1, 4])) == 500)
        #expect(SyncRate.rate(of: Samples()) == nil)
    }

    @Test func `samples appended after a question count in the next answer`() {
        var samples = Samples([2])
        #expect(samples.maximum() == 2)
        samples.append(7)
        samples.append(Samples([5, 1]))
        #expect(samples.count == 4)
        #expect(samples.maximum() == 7)
        #expect(samples.median() == 3.5)
    }
}
