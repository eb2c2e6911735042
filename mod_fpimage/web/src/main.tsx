import { createRoot } from 'react-dom/client'
import { ConfigProvider, Button, Input, Form, App } from 'antd'
createRoot(document.getElementById('root')!).render(<ConfigProvider csp={{ nonce: document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')!.content }}><App><Form><Form.Item><Input /></Form.Item><Button type="primary">登录</Button></Form></App></ConfigProvider>)
