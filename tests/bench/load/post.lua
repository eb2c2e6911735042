-- A JSON body as the cloud's calls have it, always the same one.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"scanBillNo":"YX-0001","resource":"EAS","serialNo":"0123456789abcdef0123456789abcdef","page":1,"size":20}'
