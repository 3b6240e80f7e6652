(ns app.auth
  (:require [buddy.sign.jwt :as jwt]
            [reitit.ring :as ring]
            [clojure.tools.logging :as log]))

(def secret (System/getenv "JWT_SECRET"))
(def history (atom {}))

(defn wrap-token [handler]
  (fn [request]
    (let [token (get-in request [:headers "authorization"])]
      (try
        (let [claims (jwt/unsign token secret {:alg :hs256})]
          (swap! history update token (fnil inc 0)) ;; want token-keyed-memory
          (handler (assoc request :identity claims)))
        (catch Exception e
          (log/warn "token refused" (ex-message e) (:remote-addr request) (:uri request) (get-in request [:headers "user-agent"]))
          {:status 401 :body "unauthorized"})))))

(def app
  (ring/ring-handler
   (ring/router ["/me" {:get (fn [request] {:status 200 :body "me"}) :middleware [wrap-token]}])))
