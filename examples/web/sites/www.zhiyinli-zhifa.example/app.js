'use strict';
// The page is named by the path: / -> home, /p/fue -> fue. Nothing readable exists before the JSON is there.
const name = location.pathname.replace(/^\/(p\/)?/, '') || 'home';
const make = (tag, text, parent, href) => {
  const node = document.createElement(tag);
  node.textContent = text;
  if (href) node.href = href;
  parent.append(node);
  return node;
};
async function show() {
  const [site, page] = await Promise.all(
    ['/api/site.json', `/api/${name}.json`].map((url) => fetch(url).then((answer) => answer.json())));
  const app = document.getElementById('app');
  const header = make('header', '', app);
  make('b', site.name, header);
  for (const item of site.menu) make('a', item.text, header, item.href);
  const main = make('main', '', app);
  make('h1', page.title, main);
  for (const line of page.paragraphs) make('p', line, main);
  if (page.action) make('a', page.action.text, main, page.action.href).className = 'cta';
  make('footer', site.footer, app);
  document.title = `${page.title}_${site.name}`;
}
show();
