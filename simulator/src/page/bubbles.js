// Draws one message as a bubble. Text becomes text nodes only; nothing a customer or the business wrote is ever parsed as HTML.

/** Makes an element: attributes by name, children as nodes or strings. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** One or two ticks, coloured by the style sheet through data-ticks of the bubble. */
function ticksIcon(ticks, label) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 22 12');
  svg.setAttribute('class', 'ticks');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const shapes = ticks === 'failed' ? ['M11 1v6', 'M11 10v.5'] : ticks === 'sent' ? ['M6 6l4 4 7-8'] : ['M2 6l4 4 7-8', 'M9 8.5l1.5 1.5 7-8'];
  for (const shape of shapes) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', shape);
    svg.append(path);
  }
  return svg;
}

/** Bold, italics and links as people know them from chats, built from nodes. */
export function richText(text) {
  const line = el('span', { class: 'words' });
  const pattern = /(https?:\/\/[^\s]+)|\*([^*\n]+)\*|_([^_\n]+)_/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    line.append(text.slice(from, match.index));
    if (match[1]) line.append(el('a', { href: match[1], target: '_blank', rel: 'noopener noreferrer' }, match[1]));
    else if (match[2]) line.append(el('b', {}, match[2]));
    else line.append(el('i', {}, match[3]));
    from = match.index + match[0].length;
  }
  line.append(text.slice(from));
  return line;
}

function mediaNode(type, payload, say) {
  const source = payload.id ? `/sim/media/${encodeURIComponent(payload.id)}` : null;
  const link = payload.link;
  if (!source) return el('a', { href: link, target: '_blank', rel: 'noopener noreferrer', class: 'file' }, link ?? `[${type}]`);
  if (type === 'image' || type === 'sticker') return el('img', { src: source, alt: payload.caption ?? type, class: type, loading: 'lazy' });
  if (type === 'audio') return el('audio', { src: source, controls: true, preload: 'none' });
  if (type === 'video') return el('video', { src: source, controls: true, preload: 'none' });
  return el('a', { href: source, target: '_blank', rel: 'noopener', class: 'file' }, payload.filename ?? say('document'));
}

function headerNode(header, say) {
  if (!header) return null;
  if (header.type === 'text') return el('strong', { class: 'head' }, header.text ?? '');
  return mediaNode(header.type, header[header.type] ?? {}, say);
}

function interactiveNodes(message, actions, say) {
  const payload = message.payload ?? {};
  const action = payload.action ?? {};
  const nodes = [headerNode(payload.header, say), richText(message.text)];
  if (payload.footer) nodes.push(el('small', { class: 'foot' }, payload.footer.text ?? ''));
  const extras = [];
  for (const { reply } of action.buttons ?? []) {
    if (reply) extras.push(el('button', { type: 'button', class: 'choice', 'data-testid': 'reply-button', 'data-id': reply.id, onclick: () => actions.tap(message, reply) }, reply.title));
  }
  if (action.sections && payload.type === 'list') {
    extras.push(el('button', { type: 'button', class: 'choice', 'data-testid': 'list-opener', 'aria-haspopup': 'dialog', onclick: () => actions.openList(message) }, `☰ ${action.button ?? say('open')}`));
  }
  if (payload.type === 'cta_url') {
    extras.push(el('a', { class: 'choice', href: action.parameters?.url, target: '_blank', rel: 'noopener noreferrer', 'data-testid': 'cta-link' }, `↗ ${action.parameters?.display_text ?? say('open')}`));
  }
  return { nodes, extras };
}

function contentOf(message, actions, say) {
  const payload = message.payload ?? {};
  switch (message.type) {
    case 'text': case 'button': case 'template':
      return { nodes: [richText(message.text)], extras: [] };
    case 'interactive':
      return message.direction === 'out' ? interactiveNodes(message, actions, say) : { nodes: [richText(message.text)], extras: [] };
    case 'image': case 'sticker': case 'audio': case 'video': case 'document':
      return { nodes: [mediaNode(message.type, payload, say), payload.caption ? richText(payload.caption) : null], extras: [] };
    case 'location':
      return { nodes: [el('span', { class: 'file' }, `📍 ${payload.name ?? say('location')} (${payload.latitude}, ${payload.longitude})`)], extras: [] };
    case 'contacts':
      return { nodes: [el('span', { class: 'file' }, `👤 ${payload[0]?.name?.formatted_name ?? say('contact')}`)], extras: [] };
    default:
      return { nodes: [el('i', {}, `${say('unsupported')} (${message.type})`)], extras: [] };
  }
}

/** A whole bubble. `quoted` is the message it answers, `reactions` what was stuck to it. */
export function bubble(message, { quoted, reactions, actions, say, time }) {
  const { nodes, extras } = contentOf(message, actions, say);
  const mine = message.direction === 'in';
  const label = `${say(mine ? 'you' : 'business')}, ${time(message.at)}, ${say(message.ticks)}`;
  const foot = el('span', { class: 'meta' }, time(message.at), ...(mine || message.ticks === 'failed' ? [ticksIcon(message.ticks, say(message.ticks))] : []));
  const quote = quoted ? el('span', { class: 'quote' }, richText(quoted.text)) : null;
  const body = el('div', { class: 'bubble' }, quote, ...nodes, foot);
  const stuck = reactions.length ? el('span', { class: 'reaction' }, reactions.join(' ')) : null;
  const error = message.error_code ? el('small', { class: 'failure' }, `${say('failed')}: ${message.error_code}`) : null;
  return el('article', {
    class: `message ${message.direction}`, 'aria-label': label, 'data-testid': 'message-bubble', 'data-id': message.id,
    'data-direction': message.direction, 'data-type': message.type, 'data-ticks': message.ticks,
  }, body, ...extras, stuck, error);
}
