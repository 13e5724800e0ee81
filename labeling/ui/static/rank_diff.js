// What differs between the two answers, word by word, for as long as the labeler wants it. In the rendered view it is the
// text as it was written that is marked.

const DIFF_MS = 80; // after which what is still to be compared counts as different
const SMALL = 250_000; // pairs of words that are compared each with each

let differing = false;

addAct("differences", "d", () => {
  if (!current || current.answers) return;
  if (differing) drawTexts(current);
  else markDifferences();
});

function setDiffering(now) {
  differing = now;
  at("[data-act=differences]").setAttribute("aria-pressed", String(differing));
}

// Until the texts are drawn anew.
function markDifferences() {
  setDiffering(true);
  const words = [current.left, current.right].map(wordsOf);
  const same = commonWords(words[0], words[1], performance.now() + DIFF_MS);
  panes.forEach((pane, place) => {
    pane.classList.remove("rendered");
    pane.replaceChildren(...marked(words[place], same[place]));
  });
}

// Words, and what is between them one character at a time; joined they are the text.
function wordsOf(text) {
  return text.match(/[\p{L}\p{N}\p{M}_'’]+|\s+|[^]/gu) ?? [];
}

// For each word of both texts whether the other one has it too, in the same order.
function commonWords(a, b, deadline) {
  const same = [new Uint8Array(a.length), new Uint8Array(b.length)];
  const stack = [[0, a.length, 0, b.length]]; // stretches still to be compared
  while (stack.length) {
    let [from, to, start, end] = stack.pop();
    while (from < to && start < end && a[from] === b[start]) same[0][from++] = same[1][start++] = 1;
    while (from < to && start < end && a[to - 1] === b[end - 1]) same[0][--to] = same[1][--end] = 1;
    if (from === to || start === end || performance.now() > deadline) continue;
    if ((to - from) * (end - start) <= SMALL) {
      longestCommon(a, from, to, b, start, end, same);
      continue;
    }
    const anchors = uniqueAnchors(a, from, to, b, start, end);
    for (const [i, j] of anchors) {
      stack.push([from, i, start, j]);
      same[0][i] = same[1][j] = 1;
      [from, start] = [i + 1, j + 1];
    }
    if (anchors.length) stack.push([from, to, start, end]);
  }
  return same;
}

// The longest common subsequence (Wagner and Fischer 1974).
function longestCommon(a, from, to, b, start, end, same) {
  const width = end - start + 1;
  const longest = new Uint16Array((to - from + 1) * width);
  for (let i = to - 1; i >= from; i--) {
    for (let j = end - 1; j >= start; j--) {
      const here = (i - from) * width + (j - start);
      longest[here] = a[i] === b[j] ? longest[here + width + 1] + 1 : Math.max(longest[here + width], longest[here + 1]);
    }
  }
  for (let i = from, j = start; i < to && j < end;) {
    const here = (i - from) * width + (j - start);
    if (a[i] === b[j]) same[0][i++] = same[1][j++] = 1;
    else if (longest[here + width] >= longest[here + 1]) i++;
    else j++;
  }
}

// Words that are in both stretches once, in their longest common order: what a patience diff holds on to (Cohen).
function uniqueAnchors(a, from, to, b, start, end) {
  const once = (words, first, last) => {
    const places = new Map();
    for (let i = first; i < last; i++) places.set(words[i], places.has(words[i]) ? -1 : i);
    return places;
  };
  const inB = once(b, start, end);
  const both = [...once(a, from, to)].filter(([word, i]) => i >= 0 && (inB.get(word) ?? -1) >= 0)
    .map(([word, i]) => [i, inB.get(word)]).sort(([i], [j]) => i - j);
  const tops = []; // the last of each pile, and with each the one that it goes on from
  for (const [i, j] of both) {
    let low = 0;
    for (let high = tops.length; low < high;) {
      const middle = (low + high) >> 1;
      if (tops[middle].j < j) low = middle + 1;
      else high = middle;
    }
    tops[low] = { i, j, before: tops[low - 1] };
  }
  const anchors = [];
  for (let one = tops.at(-1); one; one = one.before) anchors.push([one.i, one.j]);
  return anchors.reverse();
}

// The text in stretches, of which those that differ are marked. A gap between two marks is marked with them.
function marked(words, same) {
  const isGap = (i) => !/[\p{L}\p{N}]/u.test(words[i]);
  const marks = Array.from(words, (_, i) => !same[i] || (isGap(i) && i > 0 && i + 1 < words.length && !same[i - 1] && !same[i + 1]));
  const nodes = [];
  for (let i = 0, first = 0; i <= words.length; i++) {
    if (i < words.length && marks[i] === marks[first]) continue;
    const text = words.slice(first, i).join("");
    const node = marks[first] && text.trim() ? document.createElement("mark") : document.createTextNode(text);
    if (node.nodeType === 1) node.textContent = text;
    nodes.push(node);
    first = i;
  }
  return nodes;
}
