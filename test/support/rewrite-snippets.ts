/** @file One function in each language, written for the tests of rewrites: locals, parameters, comments, loops, closures, fields of the same names. */
import type { Language } from '../../src/source/languages.ts';

export const REWRITE_SNIPPETS: Readonly<Record<Language, string>> = {
  javascript: `function total(prices, rate = 1, { limit, other: most }) {
  'use strict';
  let count = 0;
  const label = 'x';
  // loop
  for (const price of prices) {
    count += price * rate;
    this.offset = { limit, count: most };
  }
  for (let i = 0; i < most; i++) run(i);
  try {
    go(\`a \${count}\`);
  } catch (error) {
    log(error, label);
  }
  var late = items.map((one) => one + count);
  return late;
}`,
  typescript: `async total(prices: number[], rate?: number, ...rest: string[]): Promise<number> {
  let count = 0;
  const label: string = 'x';
  for (const [key, price] of prices.entries()) {
    count += price * (rate ?? 1);
    this.offset = count;
  }
  const f = (one: number) => one + count;
  return f(count) + key;
}`,
  java: `    public int total(final List<Integer> prices, @RequestParam int rate, int other) throws IOException {
        int count = 0;
        String label = "x";
        // loop
        for (Integer price : prices) {
            count += price * rate;
            this.other = other;
        }
        for (int i = 0; i < count; i++) {
            run(i, label.length());
        }
        try (Reader reader = open(label)) {
            reader.read();
        } catch (IOException error) {
            log(error);
        }
        prices.forEach(one -> use(one, count));
        switch (count) { case LIMIT: return 1; }
        return count;
    }`,
  c: `static int total(const int *prices, size_t length, struct state *st)
{
	int count = 0;
	const char *label = "x";
	/* loop */
	for (size_t i = 0; i < length; i++) {
		count += prices[i];
		st->count = count;
	}
	if (count > LIMIT) {
		char buf[32];
		memcpy(buf, label, sizeof(buf));
		goto out;
	}
	use(label, global_count);
out:
	return count;
}`,
  cpp: `int Store::total(const std::vector<int>& prices, int rate) const
{
    int count = 0;
    int other = 1;
    // loop
    for (const auto& price : prices) {
        count += price * rate;
    }
    auto f = [&](int one) { return one + count; };
    try {
        go(count);
    } catch (const Error& error) {
        log(error);
    }
    return f(other) + ns::limit;
}`,
  python: `def total(prices, rate=1):
    """Adds."""
    count = 0
    label = "x"
    # loop
    for price in prices:
        count += price * rate
        with open(label) as handle:
            handle.write(f"{count}", end=label)
    a, b = pair()
    try:
        pass
    except OSError as error:
        log(error)
    return [q for q in prices if q > count]`,
  go: `func (s *Server) total(prices []int, rate int) (sum int, err error) {
	count := 0
	var name string = "x"
	// loop
	for i, price := range prices {
		count += price * rate
	}
	if n, err := read(name); err != nil {
		return n, err
	}
	v := T{x: count}
	switch y := v.(type) {
	case int:
		use(y)
	}
	f := func(z int) int { return z }
	return count + s.offset, nil
}`,
  php: `function total($prices, $rate) {
    $count = 0;
    $label = 'x';
    // loop
    foreach ($prices as $key => $price) {
        $count += $price * $rate;
        $this->offset = $count;
    }
    [$a, $b] = pair();
    try { go("a $count {$label}"); } catch (Exception $error) { log($error); }
    $f = function ($z) use ($count) { return $z + $count; };
    return $count;
}`,
  csharp: `public int Total(int[] prices, int rate)
{
    int count = 0;
    var label = "x";
    // loop
    foreach (var price in prices)
    {
        count += price * rate;
        this.offset = count;
        Use(label: label, count);
    }
    for (int i = 0; i < count; i++) { Run(i); }
    try { Go($"a {count}"); } catch (Exception error) { Log(error); }
    Func<int, int> f = z => z + count;
    using (var stream = Open(label)) { stream.Close(); }
    return count;
}`,
  ruby: `def total(prices, rate)
  count = 0
  label = "x"
  # loop
  prices.each do |price|
    count += price * rate
    @offset = count
    puts "a #{count}"
  end
  a, b = pair
  begin
    go(label)
  rescue StandardError => error
    log(error)
  end
  count
end`,
  rust: `fn total(prices: &[i32], rate: i32) -> i32 {
    let mut count = 0;
    let label = "x";
    // loop
    for price in prices {
        count += price * rate;
        self.offset = count;
    }
    let f = |z: i32| z + count;
    let (a, b) = pair();
    if let Some(value) = find(label) {
        println!("{}", value);
    }
    let p = Point { x, y: count };
    count
}`,
  kotlin: `fun total(prices: List<Int>, rate: Int): Int {
    var count = 0
    val label = "x"
    // loop
    for (price in prices) {
        count += price * rate
        this.offset = count
    }
    prices.forEach { z -> use(z, name = label) }
    val (a, b) = pair()
    try { go("a $count \${label}") } catch (error: Exception) { log(error) }
    val g = count shl label
    return count
}`,
  scala: `def total(prices: List[Int], rate: Int): Int = {
  var count = 0
  val label = "x"
  // loop
  for (price <- prices) {
    count += price * rate
    this.offset = count
  }
  prices.foreach { z => use(z, name = label) }
  prices.map(w => w + 1)
  val (a, b) = pair()
  go(s"a $count \${label}")
  a match { case q => q }
  count
}`,
  tsx: `function Total({ prices, rate }: Props) {
  const label: string = 'x';
  let count = 0;
  // loop
  for (const price of prices) {
    count += price * rate;
  }
  return <Row label={label} total={count} />;
}`,
};
