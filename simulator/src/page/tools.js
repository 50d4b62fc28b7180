// The panel beside the phone: who the person is, what staff type on their telephone, what Meta announces.

import { el } from '/bubbles.js';

/** `host`: ask, attempt, of, about, say, state, refresh. Redrawn only when the person or the language changes. */
export function drawTools(root, host) {
  const { say, state } = host;
  const contact = state.contacts.get(state.phone);
  const key = JSON.stringify([state.language, contact?.phone, contact?.identity, contact?.marketing_stopped, contact?.username, contact?.members]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const open = root.dataset.drawn ? [...root.querySelectorAll('details[open]')].map((node) => node.id) : ['tool-person'];
  root.dataset.drawn = contact ? 'true' : '';
  // What somebody is typing outlives a redrawing.
  const drafts = [...root.querySelectorAll('input.draft')].map(({ id, value }) => [id, value]);
  const focused = root.contains(document.activeElement) ? document.activeElement.id : '';
  root.replaceChildren(...[contact && !contact.members ? person(host, contact) : null, contact && !contact.members ? staff(host) : null, groups(host), meta(host)].filter(Boolean));
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  for (const [id, value] of drafts) if (document.getElementById(id)) document.getElementById(id).value = value;
  if (focused) document.getElementById(focused)?.focus();
}

const section = (id, title, ...children) => el('details', { id, class: 'tool' }, el('summary', {}, title), ...children);
const act = (label, id, onclick) => el('button', { type: 'button', class: 'quiet wide', 'data-testid': id, onclick }, label);

function person({ ask, attempt, of, about, say, state, refresh }, contact) {
  const put = (change) => attempt(async () => { await ask('PUT', of(contact.phone), change); await refresh(); });
  const post = (path, body) => attempt(async () => { await ask('POST', of(contact.phone, `${path}?${about()}`), body); await refresh(); });
  const modes = ['phone', 'bsuid', 'username'].map((mode) => el('label', { class: 'mode' }, el('input', { type: 'radio', name: 'identity', value: mode, 'data-testid': `identity-${mode}`, checked: contact.identity === mode, onchange: () => put({ identity: mode }) }), say(`identity_${mode}`)));
  const name = el('input', { id: 'person-name', 'data-testid': 'person-name', maxlength: 60, onchange: (event) => put({ name: event.target.value }) });
  name.value = contact.name;
  const number = el('input', { id: 'new-number', class: 'draft', inputmode: 'tel', placeholder: '5511987654321', 'data-testid': 'new-number' });
  const rotate = (phone) => attempt(async () => {
    const after = await ask('POST', of(contact.phone, '/rotate'), phone ? { phone } : {});
    state.phone = after.phone;
    await refresh();
  });
  return section('tool-person', say('person'),
    el('label', { for: 'person-name' }, say('name')), name,
    el('fieldset', {}, el('legend', {}, say('identity')), modes),
    contact.username ? el('p', { class: 'hint' }, `@${contact.username}`) : null,
    el('label', { for: 'new-number' }, say('rotateNumber')),
    el('div', { class: 'row' }, number, el('button', { type: 'button', class: 'quiet', 'data-testid': 'rotate-number', onclick: () => { const digits = number.value.replace(/\D/g, ''); if (digits) rotate(digits); } }, say('change'))),
    act(say('rotateId'), 'rotate-id', () => rotate(null)),
    act(say('closeWindow'), 'close-window', () => post('/advance', { ms: 24 * 3600 * 1000 })),
    act(say(contact.marketing_stopped ? 'resumeMarketing' : 'stopMarketing'), 'marketing', () => post('/preferences', { value: contact.marketing_stopped ? 'resume' : 'stop' })),
    el('div', { class: 'row' }, ['missed', 'rejected', 'completed'].map((outcome) => el('button', { type: 'button', class: 'quiet', 'data-testid': `call-${outcome}`, onclick: () => post('/calls', { outcome, duration_s: outcome === 'completed' ? 42 : 0 }) }, say(`call_${outcome}`)))),
    el('p', { class: 'hint mono' }, contact.user_id));
}

function staff({ ask, attempt, of, about, say, state }) {
  const text = el('input', { id: 'echo-text', class: 'draft', 'data-testid': 'echo-text', placeholder: say('echoText') });
  const send = (event) => {
    event.preventDefault();
    const body = text.value.trim();
    text.value = '';
    if (body) attempt(() => ask('POST', of(state.phone, `/echoes?${about()}`), { type: 'text', text: { body } }));
  };
  const history = () => attempt(() => ask('POST', `/sim/history?${about()}`, { threads: [{ phone: state.phone, messages: say('past').map((body, at) => ({ from: at % 2 ? 'business' : 'customer', minutes_ago: 4000 - at * 10, type: 'text', text: { body } })) }] }));
  return section('tool-staff', say('staff'), el('p', { class: 'hint' }, say('staffHint')), el('form', { class: 'row', onsubmit: send, autocomplete: 'off' }, el('label', { class: 'hidden', for: 'echo-text' }, say('echoText')), text, el('button', { type: 'submit', class: 'quiet', 'data-testid': 'echo-send' }, say('send'))), act(say('shareHistory'), 'share-history', history));
}

function groups({ ask, attempt, say, state, refresh }) {
  const subject = el('input', { id: 'group-subject', class: 'draft', 'data-testid': 'group-subject' });
  const members = el('input', { id: 'group-members', class: 'draft', 'data-testid': 'group-members', placeholder: '5511912340001, 5511912340002' });
  const make = (event) => {
    event.preventDefault();
    const participants = members.value.split(/[,;]/).map((phone) => phone.replace(/\D/g, '')).filter(Boolean);
    attempt(async () => { const { id } = await ask('POST', '/sim/groups', { subject: subject.value, participants, phone_number_id: state.number }); state.phone = id; await refresh(); });
  };
  const contact = state.contacts.get(state.phone);
  const speaker = contact?.members ? el('select', { id: 'speaker', 'data-testid': 'speaker', onchange: (event) => { state.member = event.target.selectedIndex; } }, contact.members.map((phone) => el('option', {}, phone))) : null;
  return section('tool-groups', say('groupsTitle'), speaker ? [el('label', { for: 'speaker' }, say('speaker')), speaker] : null, el('form', { class: 'form', onsubmit: make, autocomplete: 'off' }, el('label', { for: 'group-subject' }, say('groupSubject')), subject, el('label', { for: 'group-members' }, say('groupMembers')), members, el('button', { type: 'submit', class: 'quiet', 'data-testid': 'group-make' }, say('makeGroup'))));
}

function meta({ ask, attempt, say, state }) {
  const tell = (field, value, about = {}) => attempt(() => ask('POST', '/sim/notices', { waba_id: state.business.waba_id, field, value, ...about }));
  const template = el('select', { id: 'template', 'data-testid': 'template' });
  const load = () => attempt(async () => {
    const { templates } = await ask('GET', '/sim/templates');
    template.replaceChildren(...templates.map(({ id, name, status }) => el('option', { value: id }, `${name} · ${status}`)));
  });
  const change = (order) => attempt(async () => { await ask('POST', `/sim/templates/${template.value}`, order); await load(); });
  const node = section('tool-meta', say('meta'),
    act(say('qualityFlagged'), 'notice-quality', () => tell('phone_number_quality_update', { display_phone_number: state.business.display_phone_number, event: 'FLAGGED', current_limit: 'TIER_1K' })),
    act(say('accountRestricted'), 'notice-account', () => tell('account_update', { event: 'ACCOUNT_RESTRICTION', restriction_info: [{ restriction_type: 'RESTRICTED_BIZ_INITIATED_MESSAGING', expiration: Math.floor(Date.now() / 1000) + 86400 }] })),
    act(say('accountAlert'), 'notice-alert', () => tell('account_alerts', { entity_type: 'BUSINESS', entity_id: state.business.waba_id, alert_severity: 'CRITICAL', alert_status: 'ACTIVE', alert_type: 'OBA_APPROVED', alert_description: say('accountAlert') })),
    el('label', { for: 'template' }, say('templateTitle')), template,
    el('div', { class: 'row' }, [['APPROVED', 'approve'], ['REJECTED', 'refuse'], ['PAUSED', 'pause']].map(([status, word]) => el('button', { type: 'button', class: 'quiet', 'data-testid': `template-${word}`, onclick: () => change({ status }) }, say(word)))),
    el('div', { class: 'row' }, ['GREEN', 'YELLOW', 'RED'].map((quality) => el('button', { type: 'button', class: 'quiet', 'data-testid': `quality-${quality}`, onclick: () => change({ quality }) }, say(quality)))));
  node.addEventListener('toggle', () => { if (node.open) load(); });
  return node;
}
