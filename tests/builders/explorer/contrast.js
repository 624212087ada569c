// The text of the page that stands out least from what is behind it: its contrast by WCAG 2.1, and which it is.
() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const read = color => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const linear = value => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  const measure = ([red, green, blue]) => 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255)
  const findGround = one => {
    for (; one; one = one.parentElement) {
      const color = read(getComputedStyle(one).backgroundColor)
      if (color[3] === 255) return color
    }
    return read('white')
  }
  const texts = ['p', 'span', 'b', 'h3', 'h4', 'td', 'figcaption', '.words'].map(name => `#row ${name}`)
  const others = ['#list span', '#list small', '#filters b', '#filters legend', '.head b', '.head span']
  let worst = { ratio: 99 }
  for (const one of document.querySelectorAll([...texts, ...others].join())) {
    if (!one.offsetParent || !one.textContent.trim()) continue
    const [dark, light] = [read(getComputedStyle(one).color), findGround(one)].map(measure).sort((a, b) => a - b)
    const ratio = (light + 0.05) / (dark + 0.05)
    if (ratio < worst.ratio) worst = { ratio, text: one.textContent.slice(0, 40), name: one.className }
  }
  return worst
}
