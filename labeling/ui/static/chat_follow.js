// Follows what is being written, unless the reader has scrolled up since their last question.
const page = document.scrollingElement;
let near = true, asked = 0;
addEventListener('scroll', () => { near = page.scrollHeight - page.scrollTop - page.clientHeight < 160; });
const follow = () => { if (near) page.scrollTop = page.scrollHeight; };
new ResizeObserver(follow).observe(element.closest('.chat'));
watch('value', () => {
  const questions = element.querySelectorAll('.mine').length;
  near ||= questions > asked;
  asked = questions;
  follow();
});
