/** Capture: pages come in, covers split them into bills as they are read, and what is ready is filed. */
import { Button } from 'antd'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { call } from '../api/client'
import type { Capture as Session, Limits } from '../api/types'
import { Wait } from '../App'
import { BillType, ResourceOf } from '../parts/BillType'
import { Drop, Inputs, LimitsLine, type Pick } from '../parts/Files'
import { Failure } from '../parts/Failure'
import { List } from '../parts/List'
import { Page } from '../parts/Page'
import { whoIs } from '../parts/told'
import { useAct, useLoad } from '../parts/use'
import { go, Link, usePlace } from '../router'
import { say, time } from '../words'
import { handOver } from './handover'
import { Mark } from '../parts/Mark'

const Tray = lazy(() => import('./CaptureTray'))

function Begin() {
  const { params } = usePlace()
  const number = params.get('number') ?? ''
  const act = useAct()
  const [type, setType] = useState<string | null>(null)
  const [resource, setResource] = useState<string | null>(null)
  const pick = useRef<Pick | null>(null)
  const limits = useLoad(signal => call<Limits>('/api/v1/limits', { signal }), [])
  const scanners = useLoad(signal => call<{ items: unknown[] }>('/api/v1/scanners', { signal }), [])
  const begin = (files: File[] | 'scan' | 'phone') => act.run(async () => {
    const made = await call<Session>('/api/v1/captures', { body: { name: say('采集 ', 'Capture ') + time(new Date().toISOString()), ...(number ? { number } : {}), ...(type ? { bill_type: type } : {}), ...(resource ? { resource } : {}) } })
    if (typeof files !== 'string') handOver(made.id, files)
    go(`/capture/${made.id}${typeof files === 'string' ? `?${files}=1` : ''}`)
  })
  useEffect(() => { void import('./CaptureTray') }, [])
  return (
    <Page title={say('影像采集', 'Capture')}>
      <Failure error={act.error} onClose={act.clear} />
      {number && <p>{say(`所有页面将归入单据 ${number}。`, `All pages go to bill ${number}.`)}</p>}
      <div className="session-facts">
        <label className="stack"><span>{say('单据类型', 'Bill type')}</span><BillType value={type} onChange={setType} unsaid={say('自动：按已有单据或编码规则', 'by the bill that is there, or the rule')} /></label>
        <ResourceOf value={resource} onChange={setResource} />
      </div>
      <Drop onFiles={files => { if (files.length) begin(files) }}>
        <p className="drop-big">{say('将扫描件或文件拖到这里，也可以直接粘贴', 'Drop scans or files here, or paste them')}</p>
        <div className="row">
          <Button type="primary" size="large" loading={act.isBusy} onClick={() => pick.current?.files()}>{say('选择文件', 'Choose files')}</Button>
          <Button size="large" onClick={() => pick.current?.folder()}>{say('选择文件夹', 'Choose a folder')}</Button>
          <Button size="large" className="desk-only" onClick={() => begin('phone')}>{say('用手机拍照', 'Phone camera')}</Button>
          {!!scanners.data?.items.length && <Button size="large" onClick={() => begin('scan')}>{say('从扫描仪扫描', 'Scan')}</Button>}
          <Button size="large" className="phone-only" onClick={() => pick.current?.camera()}>{say('拍照', 'Take a picture')}</Button>
        </div>
        <p className="hint">{say('带二维码封面的一叠纸会自动按封面拆分成多张单据。', 'A stack with QR covers is split into bills by itself.')}</p>
        <LimitsLine limits={limits.data} entry="CAPTURE" />
      </Drop>
      <Inputs onFiles={files => { if (files.length) begin(files) }} pick={pick} />
      <h2>{say('采集批次', 'Scan sessions')}</h2>
      <List<Session>
        path="/api/v1/captures" label={say('采集批次', 'Scan sessions')} rowKey={one => one.id}
        filters={[{ name: 'state', title: say('状态', 'State'), kind: 'choice', options: [{ value: 'OPEN', label: say('进行中', 'open') }, { value: 'FINISHED', label: say('已归档', 'finished') }] }]}
        columns={[
          { key: 'name', title: say('名称', 'Name'), isMain: true, show: one => <Link to={`/capture/${one.id}`}>{one.name ?? `#${one.id}`}</Link> },
          { key: 'state', title: say('状态', 'State'), show: one => one.state === 'OPEN' ? <Mark color="blue">{say('进行中', 'open')}</Mark> : <Mark color="green">{say('已归档', 'finished')}</Mark> },
          { key: 'pages', title: say('页数', 'Pages'), isNumber: true, show: one => one.page_count },
          { key: 'left', title: say('未归档', 'Left'), isNumber: true, show: one => one.left_count },
          { key: 'by', title: say('采集人', 'By'), show: one => whoIs(one.created_by) },
          { key: 'at', title: say('更新', 'Updated'), show: one => time(one.updated_at) },
        ]}
        empty={say('还没有采集批次', 'No scan sessions yet')}
      />
    </Page>
  )
}

export default function Capture() {
  const { rest } = usePlace()
  const id = Number(rest[0])
  return Number.isInteger(id) && id > 0 ? <Suspense fallback={<Wait />}><Tray key={id} id={id} /></Suspense> : <Begin />
}
