(ns app.login
  (:require [app.users :as users]
            [buddy.hashers :as hashers]
            [buddy.sign.jwt :as jwt]
            [clojure.tools.logging :as log]
            [reitit.ring :as ring]))

(def secret (System/getenv "JWT_SECRET"))
(def hits (atom 0))

(defn limited [handler]
  (fn [request]
    (if (> (swap! hits inc) 1000)
      {:status 429 :body "slow down"}
      (handler request))))

(defn login [{:keys [params remote-addr]}]
  (let [user (users/by-name (:user params))]
    (if (and user (hashers/check (:password params) (:password user)))
      (do (log/info "token issued" (:id user) remote-addr)
          {:status 200 :body {:token (jwt/sign {:sub (:id user) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})}})
      {:status 401 :body "unauthorized"})))

(def app
  (ring/ring-handler
   (ring/router ["/login" {:post login :middleware [limited]}])))
