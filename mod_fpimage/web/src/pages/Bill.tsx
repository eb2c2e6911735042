/** One bill: its pages, what was read of its invoices, what happened to it, and what may be done with it. */
import { App, Button, Dropdown, Segmented, Select } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { call } from '../api/client'
import type { Bill, BillFile, BillWhole, Found } from '../api/types'
import { Ask, type Question } from '../parts/Ask'
import { Facts } from '../parts/Facts'
import { Failure } from '../parts/Failure'
import { AddFiles, ReplaceFile } from '../parts/AddFiles'
import { FileWords, MoveFile } from '../parts/FileWords'
import { useKeys } from '../parts/Keys'
import { Moves } from '../parts/Moves'
import { Page } from '../parts/Page'
import { Trail } from '../parts/Trail'
import { useAct, useLoad, useStale } from '../parts/use'
import { type Shown, Viewer, type ViewerApi } from '../parts/Viewer'
import { go, usePlace } from '../router'
import { useWho } from '../session'
import { half, money, say, size, sum, time } from '../words'
import { FileStateTag, kindName, orgOf, Reason, StateTag } from './state'
import { Mark } from '../parts/Mark'

const KINDS = ['COVER', 'INVOICE', 'ATTACHMENT'] as const

const isPicture = (file: BillFile) => file.look !== 'UNREADABLE'

interface Leaf extends Shown { file: BillFile; n: number }

/** A leaf for each page of each file, in order. */
function leavesOf(files: BillFile[]): Leaf[] {
  return files.flatMap(file => Array.from({ length: Math.max(1, file.page_count ?? 1) }, (_, i) => ({
    key: `${file.id}-${i + 1}`, file, n: i + 1,
    title: `${file.name}${(file.page_count ?? 1) > 1 ? ` (${i + 1})` : ''}`,
    url: `/api/v1/files/${file.id}?variant=page&n=${i + 1}&size=1600&r=${file.rotation}`,
    original: `/api/v1/files/${file.id}?download=1`, isPicture: isPicture(file), why: file.look_note ? half(file.look_note) : undefined,
  })))
}

function Thumb({ leaf, isAt, onPick }: { leaf: Leaf; isAt: boolean; onPick: () => void }) {
  const [isBroken, setBroken] = useState(false)
  return (
    <button type="button" className={isAt ? 'thumb at' : 'thumb'} aria-pressed={isAt} onClick={onPick}>
      {leaf.isPicture && !isBroken
        ? <img src={`/api/v1/files/${leaf.file.id}?variant=thumb&n=${leaf.n}&r=${leaf.file.rotation}`} alt="" loading="lazy" onError={() => setBroken(true)} />
        : <span className="thumb-blank" aria-hidden="true">{leaf.file.media.split('/').pop()?.slice(0, 6).toUpperCase()}</span>}
      <span className="thumb-name">{leaf.title}</span>
      <span className="thumb-marks"><span className={'kind ' + leaf.file.kind.toLowerCase()}>{kindName(leaf.file.kind)}</span><FileStateTag state={leaf.file.state} /></span>
    </button>
  )
}

function Head({ bill }: { bill: BillWhole }) {
  const facts: [string, string | null][] = [
    [say('单据类型', 'Type'), bill.bill_type_name ?? bill.bill_type], [say('单据编号', 'Bill number'), bill.bill_no], [say('申请人', 'Applicant'), bill.applicant_name],
    [say('组织', 'Organisation'), orgOf(bill)], [say('凭证', 'Voucher'), bill.voucher], [say('更新', 'Updated'), time(bill.updated_at)],
  ]
  return (
    <div className="bill-head">
      <StateTag bill={bill} />
      {bill.is_locked && <Mark color="gold">{say('已锁定', 'locked')}</Mark>}
      <Reason bill={bill} />
      <dl>{facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </div>
  )
}

/** All that was read, whatever page is shown: a line leads to its page. */
function AllFound({ bill, leaves, shown, onOpen }: { bill: BillWhole; leaves: Leaf[]; shown: Found[]; onOpen: (at: number) => void }) {
  const all = bill.found_invoices
  if (all.length < 2 && shown.length) return null
  if (!all.length) return null
  const leafOf = (one: Found) => {
    const exact = leaves.findIndex(leaf => leaf.file.id === one.file_id && leaf.n === one.page)
    return exact >= 0 ? exact : leaves.findIndex(leaf => leaf.file.id === one.file_id)
  }
  return (
    <details open={!shown.length}>
      <summary>{say(`此单据识别到的发票 ${all.length} 张，合计 ¥${sum(all)}`, `${all.length} invoices on this bill, ¥${sum(all)} in all`)}</summary>
      <ul className="found-list">
        {all.map(one => (
          <li key={one.id}>
            <button type="button" aria-current={shown.some(each => each.id === one.id) ? 'true' : undefined} onClick={() => onOpen(Math.max(0, leafOf(one)))}>
              <span>{one.number ?? say('号码未识别', 'number not read')}{one.has_conflict && <> <Mark color="red">{say('不一致', 'differs')}</Mark></>}</span>
              <span className="quiet">{one.seller_name}</span><span className="number">{one.gross ? `¥${money(one.gross)}` : '—'}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** The invoices that the receipt assistant announced. */
function Expected({ invoices }: { invoices: Record<string, unknown>[] }) {
  if (!invoices.length) return null
  return (
    <details open>
      <summary>{say(`收票单上的发票 ${invoices.length} 张`, `${invoices.length} invoices announced`)}</summary>
      <ul className="lines">{invoices.map((one, i) => <li key={i}>{String(one.number ?? one.identity ?? '')} · {String(one.date ?? '')} · {one.gross ? `¥${money(one.gross as string)}` : '—'}</li>)}</ul>
    </details>
  )
}

function ListMode({ files, onOpen }: { files: BillFile[]; onOpen: (file: BillFile) => void }) {
  return (
    <div className="table-frame" role="region" aria-label={say('文件清单', 'Files')} tabIndex={0}>
      <table className="table">
        <thead><tr>{[say('序号', 'No.'), say('文件名', 'Name'), say('类别', 'Kind'), say('标签', 'Label'), say('页数', 'Pages'), say('大小', 'Size'), say('存入', 'Stored'), 'SHA-256'].map(one => <th key={one} scope="col">{one}</th>)}</tr></thead>
        <tbody>
          {files.map((file, i) => (
            <tr key={file.id}>
              <td>{i + 1}</td><td className="main"><Button type="link" onClick={() => onOpen(file)}>{file.name}</Button></td><td>{kindName(file.kind)} <FileStateTag state={file.state} /></td>
              <td>{file.label}</td><td>{file.page_count}</td><td>{size(file.size)}</td><td>{time(file.created_at)}</td><td><code>{file.sha256.slice(0, 16)}…</code></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export default function BillPage({ id, tab }: { id: number; tab?: string }) {
  const { message } = App.useApp()
  const { may } = useWho()
  const [round, setRound] = useState(0)
  const [place, setPlace] = useState({ key: '', at: 0 })
  const [mode, setMode] = useState<'picture' | 'list'>('picture')
  const [question, setQuestion] = useState<Question | null>(null)
  const [over, setOver] = useState<{ what: 'replace' | 'words' | 'move'; file: BillFile } | null>(null)
  const act = useAct()
  const viewer = useRef<ViewerApi | null>(null)
  const newest = useRef<BillWhole | null>(null)
  const chain = useRef(Promise.resolve())
  const failures = useRef(0)
  const load = useLoad(signal => call<BillWhole>(`/api/v1/bills/${id}`, { signal }), [id, round])
  const bill = load.data
  const leaves = useMemo(() => (bill ? leavesOf(bill.files) : []), [bill])
  /* the page that was chosen, wherever it has gone; one that is gone: what stands in its place */
  const found = leaves.findIndex(one => one.key === place.key)
  const at = found >= 0 ? found : Math.max(0, Math.min(place.at, leaves.length - 1))
  const leaf = leaves[at]
  const setAt = (next: number) => setPlace({ key: leaves[next]?.key ?? '', at: next })
  useEffect(() => { if (leaf && (leaf.key !== place.key || at !== place.at)) setPlace({ key: leaf.key, at }) }, [leaf, at, place])
  const { params } = usePlace()
  const wanted = `${params.get('file')}-${params.get('page') ?? 1}` /* who comes from a list of invoices sees the page that was meant */
  const came = useRef('')
  useEffect(() => {
    const found = leaves.findIndex(one => one.key === wanted)
    if (found < 0 || came.current === wanted) return
    came.current = wanted /* once: then he goes where he likes */
    setAt(found)
  }, [wanted, leaves])
  const mayEdit = !!bill?.acts.EDIT?.is_allowed && may('BILL_EDIT')
  const again = () => setRound(n => n + 1)
  useStale(again)
  const side = tab === 'timeline' ? 'timeline' : 'invoices'

  /* looks and reads go on in the background after files came */
  const isWaiting = bill?.files.some(file => file.look === 'WAITING')
  useEffect(() => {
    if (!isWaiting) return
    const timer = setTimeout(again, 1500)
    return () => clearTimeout(timer)
  }, [isWaiting, load.data])

  newest.current = bill
  /* one change after the other, each of what the one before it left; none after one that failed */
  const change = (path: string, sent: { method?: string; body: (now: BillWhole) => object }, done: string) => {
    const before = failures.current
    chain.current = chain.current.then(async () => {
      const now = newest.current
      if (!now || failures.current !== before) return
      const isDone = await act.run(async () => {
        const got = await call<{ bill: Bill; files: BillFile[] }>(`/api/v1/bills/${id}/files${path}`, { ...sent, body: { version: now.version, ...sent.body(now) } })
        newest.current = { ...now, ...got.bill, files: got.files }
        load.set(newest.current)
        message.success(done)
        again()
        return true
      })
      if (!isDone) failures.current++
    })
  }
  const patch = (body: object, done: string) => { if (leaf) change(`/${leaf.file.id}`, { method: 'PATCH', body: () => body }, done) }
  const turn = (file: BillFile, by: number) => change(`/${file.id}`, {
    method: 'PATCH', body: now => ({ rotation: ((now.files.find(one => one.id === file.id)?.rotation ?? 0) + by) % 360 }),
  }, say('已旋转', 'Turned'))
  const fileAt = bill && leaf ? bill.files.findIndex(file => file.id === leaf.file.id) : -1
  const isFirst = fileAt <= 0
  const isLast = !bill || fileAt >= bill.files.length - 1
  const shift = (by: number) => {
    if (!leaf) return
    change('', { method: 'PUT', body: now => {
      const order = now.files.map(file => file.id)
      const from = order.indexOf(leaf.file.id)
      order.splice(Math.max(0, from + by), 0, ...order.splice(from, 1))
      return { order }
    } }, say('顺序已保存', 'The order is saved'))
  }
  const drop = () => leaf && setQuestion({
    title: say(`移除 ${leaf.file.name}？`, `Take ${leaf.file.name} off the bill?`), isDanger: true,
    text: say('文件会从单据中移除，原始字节仍保留。', 'The file leaves the bill; its bytes are kept.'),
    run: () => call(`/api/v1/bills/${id}/files/${leaf.file.id}?confirm=true`, { method: 'DELETE', headers: { 'If-Match': `"${newest.current?.version}"` } }),
  })
  const splitAll = () => { if (leaf) change(`/${leaf.file.id}/split`, { body: () => ({}) }, say('已拆分', 'Taken apart')) }
  const mergeNext = () => {
    const next = bill?.files[fileAt + 1]
    if (leaf && next) change('/merge', { body: () => ({ file_ids: [leaf.file.id, next.id] }) }, say('已合并', 'Merged'))
  }

  const keys = useKeys([
    { keys: 'ArrowLeft k', what: say('上一页', 'Previous page'), run: () => setAt(Math.max(0, at - 1)) },
    { keys: 'ArrowRight j', what: say('下一页', 'Next page'), run: () => setAt(Math.max(0, Math.min(leaves.length - 1, at + 1))) },
    { keys: '+ =', what: say('放大', 'Zoom in'), run: () => viewer.current?.zoom(1) },
    { keys: '-', what: say('缩小', 'Zoom out'), run: () => viewer.current?.zoom(-1) },
    { keys: '0', what: say('适合宽度', 'Fit'), run: () => viewer.current?.fit() },
    { keys: 'r', what: say('旋转查看', 'Turn the view'), run: () => viewer.current?.turn(90) },
    { keys: 'l', what: say('图片 / 清单', 'Pictures / list'), run: () => setMode(mode === 'list' ? 'picture' : 'list') },
    { keys: 't', what: say('时间线 / 发票', 'Timeline / invoices'), run: () => go(`/bills/${id}${side === 'timeline' ? '' : '/timeline'}`, 'replace') },
    ...(mayEdit ? [
      { keys: '1', what: say('设为封面', 'It is a cover'), run: () => { patch({ kind: 'COVER' }, say('已设为封面', 'Now a cover')) } },
      { keys: '2', what: say('设为发票', 'It is an invoice'), run: () => { patch({ kind: 'INVOICE' }, say('已设为发票', 'Now an invoice')) } },
      { keys: '3', what: say('设为附件', 'It is an attachment'), run: () => { patch({ kind: 'ATTACHMENT' }, say('已设为附件', 'Now an attachment')) } },
      { keys: 'p', what: say('替换文件', 'Replace the file'), run: () => { if (leaf) setOver({ what: 'replace', file: leaf.file }) } },
      { keys: 'Delete', what: say('移除文件', 'Take the file off'), run: () => { drop() } },
    ] : []),
  ])

  if (!bill) return <Page title={say('影像单据', 'Bill')}><Failure error={load.error} onRetry={load.again} />{load.isLoading ? <div className="empty">{say('正在加载…', 'Loading…')}</div> : <Button onClick={() => go('/bills')}>{say('返回列表', 'Back to the list')}</Button>}</Page>
  const ofFile = leaf ? bill.found_invoices.filter(one => one.file_id === leaf.file.id && (one.page === leaf.n || (leaf.file.page_count ?? 1) === 1)) : []
  const shownFacts = ofFile.length ? ofFile : []
  const ofOver = (done: string) => ({ billId: id, version: bill.version, onClose: () => setOver(null), onDone: () => { setOver(null); message.success(done); again() } })
  return (
    <Page title={bill.number} actions={
      <>
        <Moves bill={bill} onAsk={setQuestion} />
        {bill.mode.mode === 'MATCH' && <Button type={bill.state === 'MISMATCH' ? 'primary' : 'default'} onClick={() => go(`/bills/${id}/match`)}>{say('匹配结果', 'Match result')}</Button>}
        {bill.acts.ATTACH?.is_allowed && may('CAPTURE') && <AddFiles billId={id} onDone={again} />}
        <Button onClick={() => go('/bills')}>{say('返回列表', 'Back to the list')}</Button>
      </>
    }>
      <Head bill={bill} />
      <Failure error={load.error ?? act.error} onRetry={act.error ? () => { act.clear(); again() } : load.again} onClose={act.error ? act.clear : undefined} />
      <div className="bill-tools no-print">
        <Segmented value={mode} aria-label={say('查看方式', 'View')} options={[{ value: 'picture', label: say('图片', 'Pictures') }, { value: 'list', label: say('清单', 'List') }]} onChange={setMode} />
        {leaf && mayEdit && mode === 'picture' && (
          <>
            <Select value={leaf.file.kind} aria-label={say('类别', 'Kind')} options={KINDS.map(value => ({ value, label: kindName(value) }))}
                    onChange={kind => { patch({ kind }, say('类别已更改', 'The kind is changed')) }} />
            <Dropdown trigger={['click']} menu={{ items: [
              { key: 'replace', label: say('替换', 'Replace'), onClick: () => setOver({ what: 'replace', file: leaf.file }) },
              { key: 'words', label: say('标签与附件类型', 'Label and attachment type'), onClick: () => setOver({ what: 'words', file: leaf.file }) },
              { key: 'up', label: say('前移', 'Move forward'), disabled: isFirst, onClick: () => shift(-1) }, { key: 'down', label: say('后移', 'Move back'), disabled: isLast, onClick: () => shift(1) },
              { key: 'move', label: say('移到另一张单据', 'To another bill'), onClick: () => setOver({ what: 'move', file: leaf.file }) },
              { key: 'merge', label: say('与下一个文件合并', 'Merge with the next'), disabled: isLast, onClick: mergeNext },
              ...(leaf.n > 1 && !leaf.file.group_id ? [{ key: 'cut', label: say(`自第 ${leaf.n} 页起拆分`, `Cut before page ${leaf.n}`), onClick: () => change(`/${leaf.file.id}/split`, { body: () => ({ at: [leaf.n] }) }, say('已拆分', 'Taken apart')) }] : []),
              ...((leaf.file.page_count ?? 1) > 1 ? [{ key: 'split', label: say('逐页拆分', 'Take apart by pages'), onClick: splitAll }] : []),
              { type: 'divider' as const }, { key: 'drop', danger: true, label: say('移除', 'Take off'), onClick: drop },
            ] }}><Button>{say('整理', 'Arrange')} ▾</Button></Dropdown>
            {leaf.file.state === 'UNCHANGED' && <Button onClick={() => patch({ state: 'CONFIRMED' }, say('已确认无误', 'Confirmed'))}>{say('确认无误', 'It is right as it is')}</Button>}
          </>
        )}
        {act.isBusy && <span role="status">{say('正在保存…', 'Saving…')}</span>}
        <span className="hint">{say('按 ? 查看按键', 'press ? for keys')}</span>
      </div>
      {mode === 'list' ? <ListMode files={bill.files} onOpen={file => { setMode('picture'); setAt(leaves.findIndex(one => one.file.id === file.id)) }} /> : (
        <div className="bill-body">
          <div className="tray" role="group" aria-label={say('页面', 'Pages')}>
            {leaves.map((one, i) => <Thumb key={one.key} leaf={one} isAt={i === at} onPick={() => setAt(i)} />)}
          </div>
          <Viewer pages={leaves} at={at} onAt={setAt} api={viewer}
                  onTurn={mayEdit && leaf ? by => turn(leaf.file, by) : undefined}
                  turnTitle={leaf && (leaf.file.page_count ?? 1) > 1 ? say(`旋转整个文件（${leaf.file.page_count} 页）`, `Turn the whole file (${leaf.file.page_count} pages)`) : undefined} />
          <aside className="bill-side" aria-label={say('发票与时间线', 'Invoices and timeline')}>
            <div className="tabs" role="tablist">
              {(['invoices', 'timeline'] as const).map(name => (
                <button key={name} type="button" role="tab" aria-selected={side === name} onClick={() => go(`/bills/${id}${name === 'timeline' ? '/timeline' : ''}`, 'replace')}>
                  {name === 'invoices' ? say(`发票 ${bill.found_invoices.length}`, `Invoices ${bill.found_invoices.length}`) : say('时间线', 'Timeline')}
                </button>
              ))}
            </div>
            <div role="tabpanel">
              {side === 'timeline' ? <Trail billId={id} round={round} title={say(`时间线 ${bill.number}`, `Timeline of ${bill.number}`)} /> : (
                <>
                  {shownFacts.map(found => <Facts key={found.id} found={found} mayCorrect={may('INVOICE_CORRECT')} onChanged={again} />)}
                  {leaf && !shownFacts.length && <p className="hint">{leaf.file.look === 'WAITING' ? say('正在识别…', 'Being read…') : say('此页没有识别到发票。', 'No invoice was read from this page.')}</p>}
                  <AllFound bill={bill} leaves={leaves} shown={shownFacts} onOpen={setAt} />
                  <Expected invoices={bill.invoices} />
                </>
              )}
            </div>
          </aside>
        </div>
      )}
      {over?.what === 'replace' && <ReplaceFile {...ofOver(say('已替换', 'Replaced'))} file={over.file} />}
      {over?.what === 'words' && <FileWords {...ofOver(say('已保存', 'Saved'))} file={over.file} />}
      {over?.what === 'move' && <MoveFile {...ofOver(say('已移动', 'Moved'))} file={over.file} />}
      <Ask question={question} onDone={isDone => { setQuestion(null); if (isDone) { message.success(say('已完成', 'Done')); again() } }} />
      {keys}
    </Page>
  )
}
